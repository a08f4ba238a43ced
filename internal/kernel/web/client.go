package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// mostHops is how many proxies are followed back; a longer chain is made up.
const mostHops = 20

// clientAddr is the peer's address, or what the nearest untrusted hop was according to the trusted proxies.
func (s *Site) clientAddr(r *http.Request) string {
	addr, ok := s.peer(r)
	if !ok {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			return r.RemoteAddr
		}
		return host
	}
	rest := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	for range mostHops {
		if rest == "" || !s.trusted(addr) {
			break
		}
		i := strings.LastIndexByte(rest, ',')
		hop, ok := parseHop(rest[i+1:])
		if !ok {
			break
		}
		addr, rest = hop, rest[:max(i, 0)]
	}
	return addr.String()
}

// peer is the other end of the connection.
func (s *Site) peer(r *http.Request) (netip.Addr, bool) { return parseHop(r.RemoteAddr) }

// parseHop reads an address with or without a port. A zone is left out: it means nothing elsewhere, and may be any
// text at all.
func parseHop(hop string) (netip.Addr, bool) {
	hop = strings.TrimSpace(hop)
	if with, err := netip.ParseAddrPort(hop); err == nil {
		return with.Addr().Unmap().WithZone(""), true
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(hop, "["), "]"))
	return addr.Unmap().WithZone(""), err == nil
}

// overHTTPS reports whether the browser came over HTTPS: to this program itself, to the public address as configured,
// or to a trusted proxy that says so.
func (s *Site) overHTTPS(r *http.Request) bool {
	if s.Secure || r.TLS != nil {
		return true
	}
	said := strings.Join(r.Header.Values("X-Forwarded-Proto"), ",")
	if said == "" {
		return false
	}
	peer, ok := s.peer(r)
	nearest := said[strings.LastIndexByte(said, ',')+1:]
	return ok && s.trusted(peer) && strings.EqualFold(strings.TrimSpace(nearest), "https")
}

func (s *Site) trusted(a netip.Addr) bool {
	for _, p := range s.TrustedProxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Addr returns the client's address.
func Addr(r *http.Request) string { return exchangeOf(r.Context()).addr }
