// Dialogs, menus and messages.
on('click', '[data-dialog-open]', (event, opener) => {
  const dialog = document.getElementById(opener.dataset.dialogOpen);
  if (dialog instanceof HTMLDialogElement) {
    event.preventDefault();
    opener.closest('details')?.removeAttribute('open');
    dialog.showModal();
  }
});
on('click', 'dialog', (event, dialog) => {
  if (event.target === dialog) dialog.close(); // the backdrop
});
on('click', '[data-dismiss]', (_, button) => button.closest('[data-flash]').remove());

// An unfolded menu closes when something else is clicked, and with Escape, which gives the focus back.
document.addEventListener('click', event => {
  for (const menu of document.querySelectorAll('details[data-menu][open]')) {
    if (!menu.contains(event.target)) menu.removeAttribute('open');
  }
});
document.addEventListener('keydown', event => {
  const menu = event.key === 'Escape' && document.activeElement?.closest('details[data-menu][open]');
  if (menu) {
    menu.removeAttribute('open');
    menu.querySelector('summary').focus();
  }
});

ready(root => {
  root.querySelectorAll('[data-dismiss], [data-needs-script], [data-reveal]').forEach(e => { e.hidden = false; });
  root.querySelectorAll('dialog[data-open-now]').forEach(d => { if (!d.open) d.showModal(); });
});
