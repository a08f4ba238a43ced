// Keys: ? shows them, / searches, g and a letter goes somewhere, j and k move through a table.
let going = 0;
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest('input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog')) return;
  const after = Date.now() - going < 1200;
  going = 0;
  if (after) {
    document.querySelector(`[data-go-key="${CSS.escape(event.key)}"]`)?.click();
    return;
  }
  switch (event.key) {
    case '?': document.getElementById('tb-shortcuts')?.showModal(); break;
    case '/': {
      const box = document.querySelector('[data-search], [data-search-all]');
      if (!box) return;
      box.focus();
      box.select();
      break;
    }
    case 'g': going = Date.now(); break;
    case 'j': moveRow(1); break;
    case 'k': moveRow(-1); break;
    default: {
      const button = document.querySelector(`[aria-keyshortcuts="${CSS.escape(event.key)}"]`);
      if (!button) return;
      button.click();
    }
  }
  event.preventDefault();
});
