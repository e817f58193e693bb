// The panel's key, fold and copying. Not deferred: a folded panel is narrow from the start.
(() => {
  'use strict';
  const wide = matchMedia('(width >= 75rem)');
  const on = (...listener) => document.addEventListener(...listener);
  const fold = (folded) => document.documentElement.classList.toggle('folded', folded);
  fold(sessionStorage.panel === 'folded' && wide.matches);

  on('DOMContentLoaded', () => {
    const drawer = document.getElementById('wire-log');
    const panel = drawer?.firstElementChild;
    if (!panel) return;
    panel.open = !document.documentElement.classList.contains('folded');
    panel.addEventListener('toggle', () => {
      fold(!panel.open);
      sessionStorage.panel = panel.open ? 'open' : 'folded';
    });
    for (const opener of [panel.firstElementChild, drawer.previousElementSibling]) {
      opener.title = 'Open or close: Ctrl+`';
      opener.ariaKeyShortcuts = 'Control+`';
    }
    on('keydown', (event) => {
      if (!event.ctrlKey || event.code !== 'Backquote') return;
      event.preventDefault();
      if (wide.matches) panel.open = !panel.open;
      else drawer.togglePopover();
    });
  });

  // The newest 20 stay; opened code comes into view.
  const show = (place) => place.closest?.('.code[open]')?.scrollIntoView({ block: 'nearest' });
  on('toggle', ({ target }) => show(target), true);
  on('htmx:after:swap', ({ detail: { ctx } }) => {
    document.querySelectorAll('#wire-log-calls > :nth-child(n+21)').forEach((old) => old.remove());
    show(ctx.target);
  });

  on('click', async ({ target }) => {
    const code = target.closest('[data-copy]')?.closest('.copyable').querySelector('pre');
    if (!code || !navigator.clipboard) return;
    await navigator.clipboard.writeText(code.textContent);
    document.getElementById('status')?.replaceChildren('Copied.');
  });
})();
