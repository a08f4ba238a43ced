// What the other files of this folder share. They are joined into one module, tongban.js, in the order of
// assets.go; everything here is a convenience: pages work without it.
const words = JSON.parse(document.getElementById('tb-words')?.textContent ?? '{}');

// on listens once for the whole page, so that what htmx brings in later is covered.
const on = (type, selector, act) => document.addEventListener(type, event => {
  const element = event.target instanceof Element ? event.target.closest(selector) : null;
  if (element) act(event, element);
});

// tell puts a message into the flash area, which screen readers listen to.
function tell(kind, text) {
  const area = document.getElementById('flashes');
  if (!area) return;
  area.querySelectorAll('[data-told]').forEach(old => old.remove());
  const flash = document.createElement('div');
  flash.className = `tb-flash tb-${kind}`;
  flash.dataset.told = '';
  if (kind === 'danger') flash.setAttribute('role', 'alert');
  const line = document.createElement('p');
  line.textContent = text;
  flash.append(line);
  area.append(flash);
  flash.scrollIntoView({block: 'nearest'});
}

// ready runs act on the page and again on whatever htmx swaps in.
const ready = act => {
  act(document);
  document.addEventListener('htmx:after:settle', event => act(event.target instanceof Element ? event.target : document));
};
