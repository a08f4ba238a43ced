package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"
)

// Environment names the variable with the path of Chromium. The tests fail when it is set and nothing is there;
// they are skipped when it is not set and no Chromium is on the path.
const Environment = "TONGBAN_TEST_CHROMIUM"

// ErrNoChromium says that no browser is installed.
var ErrNoChromium = errors.New(`no Chromium found: "go run ./test" installs it`)

// Browser is a running Chromium without a window. It speaks zh-CN, lives in the zone Asia/Shanghai and prefers
// reduced motion, so that pictures do not depend on the moment.
type Browser struct {
	ctx   context.Context
	close func()
}

// Launch starts a browser. It ends with ctx or with Close.
func Launch(ctx context.Context) (*Browser, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("lang", "zh-CN"), chromedp.Flag("accept-lang", "zh-CN"),
		chromedp.Flag("force-prefers-reduced-motion", true), chromedp.Flag("hide-scrollbars", true),
		chromedp.Env("TZ=Asia/Shanghai", "LANGUAGE=zh_CN"),
	)
	allocator, closeAllocator := chromedp.NewExecAllocator(ctx, options...)
	browser, closeBrowser := chromedp.NewContext(allocator)
	b := &Browser{ctx: browser, close: func() { closeBrowser(); closeAllocator() }}
	if err := chromedp.Do(browser); err != nil {
		b.close()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return b, nil
}

func find() (string, error) {
	if path := os.Getenv(Environment); path != "" {
		return exec.LookPath(path)
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoChromium
}

// Close ends the browser and its pages.
func (b *Browser) Close() { b.close() }

// Start launches a browser for a test. Short runs and machines without a browser skip the test; where a browser
// was asked for and is missing, the test fails.
func Start(t testing.TB) *Browser {
	t.Helper()
	if testing.Short() {
		t.Skip("short: no browser")
	}
	b, err := Launch(t.Context())
	if errors.Is(err, ErrNoChromium) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}
