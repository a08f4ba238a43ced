package events

// Kill ends o as a crash of its node would: nothing is stored or given back any more. It returns when all that can
// end has ended; a reaction that runs goes on.
func (o *Outbox) Kill() {
	o.killed.Store(true)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stage = stopped
	close(o.quit)
	o.cancel()
}

// Slack is how far a stored cursor may lag behind when nothing was wanted.
const Slack = slack

// Stopping returns a channel that is closed once Stop was called.
func (o *Outbox) Stopping() <-chan struct{} { return o.quit }
