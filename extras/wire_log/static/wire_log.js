// The panel of API calls: copies code, and stays folded in this tab. All else in it works without a script.
(() => {
  'use strict';
  document.addEventListener('click', async ({ target }) => {
    const code = target.closest('[data-copy]')?.closest('.copyable').querySelector('pre');
    if (!code || !navigator.clipboard) return;
    await navigator.clipboard.writeText(code.textContent);
    const status = document.getElementById('status');
    if (status) status.textContent = 'Copied.';
  });

  const panel = document.querySelector('#wire-log > details');
  if (!panel) return;
  if (sessionStorage.panel === 'folded' && matchMedia('(width >= 75rem)').matches) panel.open = false;
  panel.addEventListener('toggle', () => { sessionStorage.panel = panel.open ? 'open' : 'folded'; });
})();
