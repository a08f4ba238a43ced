package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// cluster is a PostgreSQL server that lives as long as one run.
type cluster struct {
	url    string // of a superuser
	server *exec.Cmd
	done   chan struct{} // closed when the server has ended
	log    string
}

const clusterUser = "tongban"

// startCluster makes a cluster in folder and starts it. It listens on a free loopback port and on a socket in
// the folder. Durability is switched off: the files do not outlive the run.
func startCluster(ctx context.Context, bin, folder string) (*cluster, error) {
	identity, err := serverIdentity(folder)
	if err != nil {
		return nil, err
	}
	password := rand.Text()
	data, secret := filepath.Join(folder, "data"), filepath.Join(folder, "password")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return nil, err
	}
	if err := identity.own(secret); err != nil {
		return nil, err
	}
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", clusterUser,
		"--auth=scram-sha-256", "--pwfile="+secret, "--locale=C", "--encoding=UTF8", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = identity.attr(), folder
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	c := &cluster{
		url:  fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/postgres?sslmode=disable", clusterUser, password, port),
		done: make(chan struct{}),
		log:  filepath.Join(folder, "postgres.log"),
	}
	c.server = exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", folder, "-p", strconv.Itoa(port),
		"-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300", "-c", "shared_buffers=128MB",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	c.server.SysProcAttr, c.server.Dir = identity.attr(), folder
	if err := c.launch(); err != nil {
		return nil, err
	}
	if err := c.awaitReady(ctx, bin, port); err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

func (c *cluster) launch() error {
	log, err := os.Create(c.log)
	if err != nil {
		return err
	}
	defer log.Close() // the server has its own copy
	c.server.Stdout, c.server.Stderr = log, log
	if err := c.server.Start(); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	go func() {
		defer close(c.done)
		_ = c.server.Wait() // a server that ended too early is seen by awaitReady, a later end by the tests
	}()
	return nil
}

func (c *cluster) awaitReady(ctx context.Context, bin string, port int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		ready := exec.CommandContext(ctx, filepath.Join(bin, "pg_isready"), "-q", "-h", "127.0.0.1", "-p", strconv.Itoa(port))
		if ready.Run() == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-c.done:
			log, _ := os.ReadFile(c.log) // without it the message is only shorter
			return fmt.Errorf("postgres ended at once:\n%s", log)
		case <-ctx.Done():
			return fmt.Errorf("wait for postgres: %w", ctx.Err())
		}
	}
}

// stop ends the server, with its open connections, and returns when it has gone.
func (c *cluster) stop() {
	_ = c.server.Process.Signal(syscall.SIGINT) // "fast shutdown"; it fails only when the server has gone
	select {
	case <-c.done:
	case <-time.After(20 * time.Second):
		_ = c.server.Process.Signal(syscall.SIGQUIT) // "immediate shutdown"
		<-c.done
	}
}

// identity is the account the server runs under. PostgreSQL refuses to run as root.
type identity struct{ uid, gid int }

// serverIdentity returns our own account or, for root, "postgres", and gives folder to it.
func serverIdentity(folder string) (identity, error) {
	own := identity{os.Geteuid(), os.Getegid()}
	if own.uid != 0 {
		return own, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return own, fmt.Errorf("postgres refuses to run as root: %w", err)
	}
	uid, errUID := strconv.Atoi(account.Uid)
	gid, errGID := strconv.Atoi(account.Gid)
	id := identity{uid, gid}
	return id, errors.Join(errUID, errGID, id.own(folder))
}

func (i identity) own(path string) error { return os.Chown(path, i.uid, i.gid) }

// attr puts the server into a process group of its own, so that an interrupt from the keyboard reaches it only
// through stop.
func (i identity) attr() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 {
		attr.Credential = &syscall.Credential{Uid: uint32(i.uid), Gid: uint32(i.gid)}
	}
	return attr
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
