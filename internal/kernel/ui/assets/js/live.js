// Live pages: the stream says which topic moved; the elements that show it are fetched anew and merged in place,
// which keeps scroll, focus and what is being typed. An element names its topics in data-live and has an id; with
// hx-get it fetches that address on the event "live", otherwise its own part of this page.
const source = document.body.dataset.liveSource;
const waiting = new Map();

function refresh(element) {
  if (element.contains(document.activeElement) && document.activeElement.matches('input, textarea, select')) return;
  if (element.hasAttribute('hx-get')) htmx.trigger(element, 'live');
  else if (element.id) htmx.ajax('GET', location.href, {source: element, target: element, select: '#' + CSS.escape(element.id), swap: 'outerMorph'});
}

// A burst of events is one refresh.
function moved(topic) {
  for (const element of document.querySelectorAll('[data-live]')) {
    if (!element.dataset.live.split(' ').includes(topic)) continue;
    clearTimeout(waiting.get(element));
    waiting.set(element, setTimeout(() => { waiting.delete(element); if (element.isConnected) refresh(element); }, 300));
  }
}

// Browsers open six connections to a site over HTTP/1.1, for all their tabs, and a stream holds one for good. A tab
// nobody sees therefore has none, and tabs that watch the same topics share one: whoever holds the lock has it and tells
// the others. Where there are no locks (they need HTTPS) each visible tab has its own.
if (source) {
  const names = ['reset', ...new URL(source, location).searchParams.getAll('topic')];
  const others = navigator.locks && window.BroadcastChannel ? new BroadcastChannel('tb-live ' + source) : null;
  let stream, watch; // watch ends this tab's watching; none while it is hidden
  let position = ''; // how far this tab was told
  let missed = false; // the page as it came is up to date; hidden, or while another tab has the stream, it may miss something

  const heard = (name, id) => {
    if (!watch) return;
    if (id) position = id;
    if (name === 'reset') document.querySelectorAll('[data-live]').forEach(refresh);
    else moved(name);
  };

  // kernel/live names its events after their topics; "reset" says that some were missed. The browser reconnects by
  // itself and says where it was, so that the server sends what was missed.
  const open = () => {
    const from = new URL(source, location);
    if (position) from.searchParams.set('since', position);
    stream = new EventSource(from);
    const tell = (name, id) => { heard(name, id); others?.postMessage([name, id]); };
    for (const name of names) stream.addEventListener(name, event => tell(name, event.lastEventId));
    if (!position && missed) tell('reset', ''); // nobody knows what
  };

  const start = () => {
    if (watch || document.hidden) return;
    watch = new AbortController();
    const {signal} = watch;
    if (!others) return open();
    // Another tab has the stream already when the lock does not come at once: what it was told before is fetched.
    const late = setTimeout(() => { if (missed) heard('reset', ''); missed = true; }, 300);
    navigator.locks.request('tb-live ' + source, {signal}, () => new Promise(done => {
      clearTimeout(late);
      if (signal.aborted) return done();
      signal.addEventListener('abort', done);
      open();
    })).catch(() => clearTimeout(late)); // hidden again while it waited
  };

  const stop = () => {
    watch?.abort();
    stream?.close();
    watch = stream = undefined;
    missed = true;
  };

  others?.addEventListener('message', event => heard(...event.data));
  document.addEventListener('visibilitychange', () => document.hidden ? stop() : start());
  window.addEventListener('pageshow', start);
  window.addEventListener('pagehide', stop);
  start();
}

const wall = document.querySelector('[data-now]:not(html)');
if (wall) {
  // The time of the organisation's zone, whatever zone the machine behind the wall thinks it is in.
  const offset = Number(document.documentElement.dataset.offset) * 1000;
  setInterval(() => { wall.textContent = new Date(now() + offset).toISOString().slice(0, 19).replace('T', ' '); }, 1000);
}
