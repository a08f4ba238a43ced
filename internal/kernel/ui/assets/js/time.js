// Times relative to now, and deadlines, go on while the page stands open. The words and the rounding are those
// of i18n.Locale, so that nothing changes its look when the script takes over.
const units = [['days', 86400], ['hours', 3600], ['minutes', 60]];
const amount = (unit, n) => words[unit][n === 1 ? 0 : 1].replace(/\d+/, n);

function duration(seconds) {
  if (seconds < 60) return amount('seconds', Math.floor(seconds));
  const parts = [];
  for (const [unit, size] of units) {
    const n = Math.floor(seconds / size);
    if (n > 0 && parts.length < 2) {
      parts.push(amount(unit, n));
      seconds -= n * size;
    } else if (parts.length) break;
  }
  return parts.join(words.join);
}

// The server's clock counts, not the reader's: the difference is taken from the page once.
const rendered = Date.parse(document.documentElement.dataset.now);
const drift = Number.isNaN(rendered) ? 0 : Date.now() - rendered;
const now = () => Date.now() - drift;

function tick() {
  for (const time of document.querySelectorAll('time[data-ago]')) {
    const age = (now() - Date.parse(time.dateTime)) / 1000;
    if (Math.abs(age) >= 86400) continue; // stays a date
    if (Math.abs(age) < 60) time.textContent = words.just_now;
    else time.textContent = words[age > 0 ? 'ago' : 'in'].replace('%', duration(Math.abs(age)));
  }
  for (const time of document.querySelectorAll('time[data-clock]')) {
    const left = (Date.parse(time.dateTime) - now()) / 1000;
    time.textContent = words[left < 0 ? 'late' : 'left'].replace('%', duration(Math.abs(left)));
    if (left < 0) {
      const clock = time.closest('.tb-clock');
      clock.classList.remove('tb-info', 'tb-warning');
      clock.classList.add('tb-danger');
    }
  }
}
if (words.minutes) setInterval(tick, 15000);
