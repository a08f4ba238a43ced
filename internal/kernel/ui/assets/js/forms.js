// Forms: sent once only, nothing typed is lost, faults get the focus.

// A form on its way is not sent again. The button is marked after the browser has taken its value.
document.addEventListener('submit', event => {
  const form = event.target;
  if (form.method !== 'post') return;
  if (form.dataset.sent) return void event.preventDefault();
  const question = form.dataset.confirm;
  if (question && !confirm(question)) return void event.preventDefault();
  if (!navigator.onLine) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return tell('danger', words.offline);
  }
  if (form.hasAttribute('hx-post')) return; // htmx sends it, and drops repeated presses (hx-sync)
  form.dataset.sent = 'yes';
  setTimeout(() => event.submitter?.setAttribute('aria-busy', 'true'));
  setTimeout(() => released(form), 10000); // the answer may have been a download
}, true);

function released(form) {
  delete form.dataset.sent;
  form.querySelectorAll('[aria-busy]').forEach(button => button.removeAttribute('aria-busy'));
}

// Coming back with the browser's button finds the form as it was, ready to be sent again.
window.addEventListener('pageshow', () => {
  document.querySelectorAll('form[data-sent]').forEach(released);
});

// htmx: a failure of the server or the network leaves the form on the page, with a message above it. Answers
// such as 422 bring the form back with its faults and are shown.
document.addEventListener('htmx:before:swap', event => {
  const status = event.detail.ctx?.response?.status ?? 200;
  if (status >= 500 || status === 429) {
    event.preventDefault();
    tell('danger', words.failed);
  }
});

// The answer to a form need not be the form: after success it is the next page, before a serious action the
// question. Such a page takes the place of this one when it has the same layout, otherwise it is gone to. A page
// that says no leaves the form where it is and gives its reason above it.
document.addEventListener('htmx:after:request', event => {
  const {ctx} = event.detail;
  const form = ctx.sourceElement;
  if (!ctx.select || !form.matches?.('form[data-guard]') || ctx.response.status >= 500 || ctx.hx?.redirect) return;
  const page = new DOMParser().parseFromString(ctx.text, 'text/html');
  if (page.querySelector(ctx.select)) return;
  const {redirected, url} = ctx.response.raw;
  if (page.documentElement.dataset.face === document.documentElement.dataset.face) {
    Object.assign(ctx, {select: null, target: document.body, swap: 'innerHTML', push: redirected ? url.slice(location.origin.length) : null});
    document.addEventListener('htmx:after:settle', () => document.getElementById('main')?.focus(), {once: true}); // as after any other way to a new page
  } else {
    event.preventDefault();
    if (redirected) location.assign(url);
    else tell('danger', (page.querySelector('.tb-result-text') ?? page.querySelector('h1'))?.textContent.trim() || words.failed);
  }
});
document.addEventListener('htmx:error', event => {
  const {ctx, error} = event.detail;
  if (!ctx?.request) return;
  if (!navigator.onLine) tell('danger', words.offline);
  else tell('danger', error?.name === 'AbortError' ? words.timeout : words.failed);
});
window.addEventListener('offline', () => tell('warning', words.offline));
window.addEventListener('online', () => tell('success', words.online));

// A typed form that is left by accident: the browser asks.
let typed = false;
on('input', 'form[data-guard]', () => { typed = true; });
document.addEventListener('submit', () => { typed = false; });
window.addEventListener('beforeunload', event => { if (typed) event.preventDefault(); });

on('click', '[data-reveal]', (_, button) => {
  const input = document.getElementById(button.dataset.reveal);
  const show = input.type === 'password';
  input.type = show ? 'text' : 'password';
  button.setAttribute('aria-pressed', String(show));
  button.setAttribute('aria-label', show ? words.hide_password : words.show_password);
  button.title = button.getAttribute('aria-label');
});

const count = line => {
  const area = document.getElementById(line.dataset.countFor);
  line.hidden = false;
  line.textContent = line.dataset.countText.replace('%', area.maxLength - area.value.length);
};
on('input', 'textarea', (_, area) => document.querySelectorAll(`[data-count-for="${CSS.escape(area.id)}"]`).forEach(count));

// The button of a serious action waits for the words to be typed; the server checks them again.
const checkTyped = input => {
  const button = input.form?.querySelector('.tb-form-actions [type=submit]');
  if (button) button.disabled = input.value.trim() !== input.dataset.confirmText;
};
on('input', '[data-confirm-text]', (_, input) => checkTyped(input));

// A filter works as soon as it is chosen; typing waits for Enter or the button.
on('change', '[data-filters] select', (_, select) => select.form.requestSubmit());

ready(root => {
  root.querySelector('[data-error-summary]')?.focus();
  root.querySelectorAll('[data-count-for]').forEach(count);
  root.querySelectorAll('[data-confirm-text]').forEach(checkTyped);
});
