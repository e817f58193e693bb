// Says that the session is about to end, two minutes before, while there is time to sign in again in another tab.
// Counts seconds, since the visitor's clock may be wrong.
(() => {
  'use strict';
  const NOTICE = 120; // seconds
  const place = document.getElementById('session-end');
  const end = Date.now() + 1000 * Number(place.dataset.seconds);
  const timer = setInterval(() => {
    if (end - Date.now() > 1000 * NOTICE) return; // not one long timer: those stop while a computer sleeps
    clearInterval(timer);
    place.firstElementChild.hidden = false;
    const status = document.getElementById('status'); // the only live region of a page
    if (status) status.textContent = place.innerText;
  }, 1000);
})();
