package app

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// certFile is a certificate that follows its file.
type certFile struct {
	cert, key string

	mu     sync.Mutex
	loaded *tls.Certificate
	stamp  time.Time // the file's time when it was loaded
}

// get returns the certificate, reading it again when the file has changed. A file that cannot be read, as in the
// middle of a renewal, leaves the former certificate in use.
func (c *certFile) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.cert)
	if err == nil && (c.loaded == nil || !info.ModTime().Equal(c.stamp)) {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(c.cert, c.key); err == nil {
			c.loaded, c.stamp = &pair, info.ModTime()
		}
	}
	if c.loaded == nil {
		return nil, fmt.Errorf("load certificate %s: %w", c.cert, err)
	}
	return c.loaded, nil
}
