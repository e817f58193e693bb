// The script of every page: what HTML and htmx cannot say by themselves. Without it every page still works.
(() => {
  'use strict';
  const say = (text) => {
    const status = document.getElementById('status');
    if (status) status.textContent = text;
  };
  const on = (name, listener, capture = false) => document.addEventListener(name, listener, capture);

  // A dialog that the server has just sent opens as a modal one. What is outside of it is inert then, and so silent:
  // the places for news go in with it, and out again.
  const news = ['notice', 'status'].map((id) => document.getElementById(id));
  const putBack = () => document.getElementById('main').before(...news);
  on('htmx:after:swap', () => {
    const dialog = document.querySelector('dialog[data-modal]:not([open])');
    dialog?.showModal();
    dialog?.prepend(...news);
  });

  // After a right code the server sends this event. close() comes first, since it gives the focus back. Caught on its
  // way down: the element that it is for may keep it to itself.
  on('stepup-done', () => {
    const dialog = document.querySelector('dialog[data-modal][open]');
    if (!dialog) return;
    putBack();
    dialog.close();
    dialog.remove();
  }, true);

  // Esc or Cancel. "close" does not bubble, so it is caught on its way down. What had the focus may be gone: then it
  // goes to the button that asks again.
  on('close', ({ target }) => {
    if (!target.matches?.('dialog[data-modal]')) return;
    putBack();
    target.remove();
    if (document.activeElement === document.body) document.querySelector('[id$="-unlock"]')?.focus();
  }, true);

  // What is being loaded says so to assistive technology.
  const busy = new WeakMap();
  on('htmx:before:request', ({ detail: { ctx } }) => {
    if (!(ctx.target instanceof Element)) return;
    busy.set(ctx, ctx.target);
    ctx.target.setAttribute('aria-busy', 'true');
    if (!['submit', 'click'].includes(ctx.sourceEvent?.type)) return;
    news[0].replaceChildren();
    say('');
  });
  on('htmx:finally:request', ({ detail: { ctx } }) => busy.get(ctx)?.removeAttribute('aria-busy'));

  // No answer at all. What was to load says so in its own place; what was sent, above the page, and can be sent again.
  on('htmx:error', ({ detail: { ctx } }) => {
    const place = ctx?.sourceElement?.matches?.('div[hx-trigger^=load]') ? ctx.sourceElement : news[0];
    place.replaceChildren(document.getElementById('offline').content.cloneNode(true));
    say(place.querySelector('p').textContent);
  });

  on('click', async ({ target }) => {
    const copied = target.closest('[data-copy]')?.closest('.copyable').querySelector('pre');
    if (!copied || !navigator.clipboard) return;
    await navigator.clipboard.writeText(copied.textContent);
    say('Copied.');
  });

  // In this tab the panel beside the page stays folded, once it was folded.
  const panel = document.querySelector('#inspector > details');
  if (panel && sessionStorage.panel === 'folded' && matchMedia('(width >= 75rem)').matches) panel.open = false;
  panel?.addEventListener('toggle', () => { sessionStorage.panel = panel.open ? 'open' : 'folded'; });

  // The browser may bring a page back from its memory after a sign-out: ask the server instead.
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
})();
