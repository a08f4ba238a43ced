package app

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// masterKey is the secret of an instance. Form tokens, confirmations and the pepper of the passwords derive from
// it, so it is part of every backup, and all nodes of one installation share it.
type masterKey []byte

// keyFile is where it is kept in the data directory.
const keyFile = "secret.key"

// loadKey reads the key file. It makes one only for a database that has never been opened with a key: without the
// key it was opened with, no password in it is of any use.
func loadKey(path string, mayMake bool) (masterKey, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if !mayMake {
			return nil, fmt.Errorf("the secret key %s is missing, and this database needs the one it was made with; restore it from a backup, or copy it from another node", path)
		}
		return makeKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the secret key: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the secret key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the secret key %s can be read by other users; run: chmod 600 %s", path, path)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("the secret key %s is damaged: it has to be 64 hexadecimal digits; restore it from a backup", path)
	}
	return key, nil
}

// makeKey writes a new key so that it is either there whole or not at all.
func makeKey(path string) (masterKey, error) {
	key := make([]byte, 32)
	rand.Read(key)
	f, err := os.CreateTemp(filepath.Dir(path), "secret-*.tmp") // made with mode 600
	if err != nil {
		return nil, fmt.Errorf("write the secret key: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("write the secret key: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return nil, fmt.Errorf("write the secret key: %w", err)
	}
	return key, nil
}

// derive returns the key for one purpose; keys of different purposes tell nothing about each other.
func (k masterKey) derive(purpose string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, k, nil, "tongban "+purpose, 32)
	if err != nil {
		return nil, fmt.Errorf("derive the key for %s: %w", purpose, err)
	}
	return key, nil
}
