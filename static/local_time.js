// Shows times in the visitor's own time zone, as the server writes them in UTC: "Nov 27, 2:48 AM".
(() => {
  'use strict';
  const show = () => document.querySelectorAll('time[datetime]:not([title])').forEach((time) => {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) return;
    const year = at.getFullYear() === new Date().getFullYear() ? undefined : 'numeric';
    const parts = { year, month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' };
    time.title = time.textContent;
    time.textContent = at.toLocaleString('en-US', parts).replaceAll('\u202f', ' ');
  });
  show();
  document.addEventListener('htmx:after:swap', show, true);
})();
