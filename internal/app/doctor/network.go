package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"syscall"
	"time"
)

// renewBefore is how long before its end a certificate is reported: certificates are renewed a month ahead.
const renewBefore = 30 * 24 * time.Hour

func (r *report) certificate(e Env) {
	r.check = "certificate"
	c := e.Config.TLS
	if !c.Enabled() {
		if loopback(e.Config.Addr) || len(e.Config.TrustedProxies) > 0 {
			r.ok("encryption", "none here; a proxy on this machine or in trusted_proxies ends TLS")
			return
		}
		r.warn("encryption", "set tls.cert and tls.key, or listen on 127.0.0.1 behind a proxy that ends TLS",
			"%s is served without TLS: passwords cross the network readable", e.Config.Addr)
		return
	}
	pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		r.fail("pair", "set tls.cert to the certificate chain and tls.key to its private key, both PEM", "%s and %s: %v", c.Cert, c.Key, err)
		return
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		r.fail("pair", "get a new certificate", "%s: %v", c.Cert, err)
		return
	}
	r.ok("pair", "for %s", strings.Join(leaf.DNSNames, ", "))
	until := leaf.NotAfter.In(e.Config.Zone).Format("2006-01-02")
	const mend = "renew it; the program takes a new file without a restart"
	switch left := leaf.NotAfter.Sub(e.Now); {
	case e.Now.Before(leaf.NotBefore):
		r.fail("validity", "wait, or get one that is valid now; the clock may be wrong too", "it is valid only from %s", leaf.NotBefore.In(e.Config.Zone).Format("2006-01-02"))
	case left <= 0:
		r.fail("validity", mend, "it ended on %s", until)
	case left <= renewBefore:
		r.warn("validity", mend, "it ends on %s, in %d days", until, int(left.Hours()/24))
	default:
		r.ok("validity", "until %s", until)
	}
}

func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

func (r *report) ports(ctx context.Context, e Env) {
	r.check = "ports"
	for _, l := range []struct{ name, addr string }{{"addr", e.Config.Addr}, {"metrics.addr", e.Config.Metrics.Addr}} {
		switch {
		case l.addr == "":
		case e.Running != "":
			r.held(ctx, l.name, l.addr)
		default:
			r.free(ctx, l.name, l.addr)
		}
	}
}

// held expects the running instance to answer on the address.
func (r *report) held(ctx context.Context, name, addr string) {
	if strings.HasSuffix(addr, ":0") {
		r.ok(name, "the running instance chose its port")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		r.fail(name, "restart the program with the present configuration", "an instance runs here, but nothing answers on %s: %v", addr, err)
		return
	}
	conn.Close() // it answered; how the conversation ends does not matter
	r.ok(name, "the running instance answers on %s", addr)
}

func (r *report) free(ctx context.Context, name, addr string) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	switch {
	case err == nil:
		l.Close() // only the asking mattered
		r.ok(name, "%s is free", addr)
	case errors.Is(err, syscall.EADDRINUSE):
		r.fail(name, "stop the other program (ss -ltnp names it) or choose another address", "%s is in use by another program", addr)
	case errors.Is(err, syscall.EACCES):
		r.fail(name, "choose a port above 1023, or give the program CAP_NET_BIND_SERVICE", "this user may not listen on %s", addr)
	default:
		r.fail(name, "choose an address that this machine has", "%v", err)
	}
}
