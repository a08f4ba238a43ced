// Tables: a whole row leads to its thing, check boxes can all be set at once, j and k move through the rows.
on('click', 'tr[data-href]', (event, row) => {
  if (event.target.closest('a, button, input, label, summary, select') || getSelection().toString()) return;
  if (event.metaKey || event.ctrlKey) window.open(row.dataset.href, '_blank', 'noopener');
  else location.href = row.dataset.href;
});

const boxes = form => [...form.querySelectorAll('tbody input[name=id]')];
const tally = form => {
  const all = boxes(form), checked = all.filter(box => box.checked);
  const head = form.querySelector('[data-bulk-all]');
  if (head) {
    head.checked = all.length > 0 && checked.length === all.length;
    head.indeterminate = checked.length > 0 && checked.length < all.length;
  }
  const line = form.querySelector('[data-bulk-count]');
  line.textContent = line.dataset.text.replace('%', checked.length);
};
on('change', '[data-bulk-all]', (_, head) => {
  boxes(head.form).forEach(box => { box.checked = head.checked; });
});
on('change', 'form[data-bulk]', (_, form) => tally(form));
ready(root => root.querySelectorAll('form[data-bulk]').forEach(tally));

function moveRow(step) {
  const rows = [...document.querySelectorAll('table[data-table] tbody tr[data-href]')];
  if (!rows.length) return;
  const now = rows.findIndex(row => row.classList.contains('tb-at'));
  rows[now]?.classList.remove('tb-at');
  const row = rows[Math.min(rows.length - 1, Math.max(0, now + step))];
  row.classList.add('tb-at');
  (row.querySelector('a') ?? row).focus({preventScroll: true});
  row.scrollIntoView({block: 'nearest'});
}
