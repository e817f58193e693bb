// The panel of API calls: copies code, and stays folded in this tab. All else in it works without a script.
// Not deferred: a folded panel is narrow from the start, so that the page does not move.
(() => {
  'use strict';
  const fold = (folded) => document.documentElement.classList.toggle('folded', folded);
  fold(sessionStorage.panel === 'folded' && matchMedia('(width >= 75rem)').matches);

  document.addEventListener('DOMContentLoaded', () => {
    const panel = document.querySelector('#wire-log > details');
    if (!panel) return;
    panel.open = !document.documentElement.classList.contains('folded');
    panel.addEventListener('toggle', () => {
      fold(!panel.open);
      sessionStorage.panel = panel.open ? 'open' : 'folded';
    });
  });

  document.addEventListener('click', async ({ target }) => {
    const code = target.closest('[data-copy]')?.closest('.copyable').querySelector('pre');
    if (!code || !navigator.clipboard) return;
    await navigator.clipboard.writeText(code.textContent);
    const status = document.getElementById('status');
    if (status) status.textContent = 'Copied.';
  });
})();
