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
    const list = document.getElementById('wire-log-calls');
    new MutationObserver((changes) => wait(changes, list)).observe(list, { childList: true });
    on('keydown', (event) => {
      if (!event.ctrlKey || event.code !== 'Backquote') return;
      event.preventDefault();
      if (wide.matches) panel.open = !panel.open;
      else drawer.togglePopover();
    });
  });

  // New actions come in together, a quarter second after the first, and push the others down. The newest 20 stay.
  const still = matchMedia('(prefers-reduced-motion)');
  let waiting = [];
  const wait = (changes, list) => {
    const added = changes.flatMap((change) => [...change.addedNodes]).filter((node) => node.tagName);
    for (const action of added) action.hidden = true;
    if (added.length && !waiting.length) setTimeout(push, 250, list);
    waiting.push(...added);
  };
  const push = (list) => {
    for (const action of waiting) action.hidden = false;
    const height = waiting.reduce((sum, action) => sum + action.offsetHeight, 0);
    for (const [number, action] of [...list.children].entries()) {
      if (number >= 20) action.remove();
      else if (!still.matches) {
        action.animate([waiting.includes(action) ? { opacity: 0 } : { translate: `0 -${height}px` }, {}], 200);
      }
    }
    waiting = [];
  };
  const show = (place) => place.closest?.('.code[open]')?.scrollIntoView({ block: 'nearest' });
  on('toggle', ({ target }) => show(target), true);
  on('htmx:after:swap', ({ detail: { ctx } }) => show(ctx.target));

  on('click', async ({ target }) => {
    const code = target.closest('[data-copy]')?.closest('.copyable').querySelector('pre');
    if (!code || !navigator.clipboard) return;
    await navigator.clipboard.writeText(code.textContent);
    document.getElementById('status')?.replaceChildren('Copied.');
  });
})();
