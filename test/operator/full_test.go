package operator

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A full disk: the program says so, keeps answering, loses nothing it acknowledged, and goes on when there is room.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root may mount the small disk that is to be filled")
	}
	disk := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("no small disk can be mounted here: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", disk).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	data := filepath.Join(disk, "data")
	i := start(t, data)
	t.Cleanup(func() { i.cmd.Process.Kill(); <-i.ended }) // before the disk is taken away
	c := newClient(t, i, token(t, data))
	ballast := filepath.Join(disk, "ballast")
	fillUp(t, ballast, 512<<10)
	kept := map[string]string{}
	refusal := ""
	for n := 0; refusal == ""; n++ {
		login, key := fmt.Sprintf("full-%d", n), fmt.Sprintf("key-%d", n)
		status, body, err := c.create(login, key)
		switch {
		case err != nil:
			t.Fatalf("the program did not answer: %v\n%s", err, i.log)
		case acknowledged(status):
			kept[login] = key
		case status == 503 || status == 507:
			refusal = body
		default:
			t.Fatalf("answer %d %s", status, body)
		}
		if n > 100_000 {
			t.Fatal("the disk did not fill up")
		}
	}
	if len(kept) == 0 {
		t.Error("nothing was acknowledged, so nothing could be lost")
	}
	if !strings.Contains(refusal, "storage_full") {
		t.Errorf("the refusal does not say why: %s", refusal)
	}
	if out, err := run(t, "doctor", "--data", data, "--quick"); err == nil || !strings.Contains(out, "free space") {
		t.Errorf("the doctor found nothing: %v\n%s", err, out)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if status, body, err := c.create("room-again", "k"); err != nil || !acknowledged(status) {
		t.Errorf("with room again: %d %s %v\n%s", status, body, err, i.log)
	}
	kept["room-again"] = "k"
	i.stop()
	look(t, filepath.Join(data, "tongban.db")).holds(t, kept)
	t.Logf("%d accounts were acknowledged before the disk was full", len(kept)-1)
}

// fillUp writes to the file until the disk has no more room than is to be left.
func fillUp(t *testing.T, path string, left int64) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var size int64
	for chunk := make([]byte, 64<<10); ; size += int64(len(chunk)) {
		if _, err := f.Write(chunk); err != nil {
			break // the disk is full
		}
	}
	if err := f.Truncate(size - left); err != nil {
		t.Fatal(err)
	}
}
