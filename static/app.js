// The script of every page: what HTML and htmx cannot do by themselves. Every page works without it.
(() => {
  'use strict';
  const announce = (text) => {
    const status = document.getElementById('status');
    if (status) status.textContent = text;
  };
  const on = (name, listener) => document.addEventListener(name, listener);
  const notice = document.getElementById('notice');

  // What is loading says so to assistive technology.
  const busy = new WeakMap();
  on('htmx:before:request', ({ detail: { ctx } }) => {
    if (!(ctx.target instanceof Element)) return;
    busy.set(ctx, ctx.target);
    ctx.target.setAttribute('aria-busy', 'true');
    if (!['submit', 'click'].includes(ctx.sourceEvent?.type)) return;
    notice.replaceChildren();
    document.querySelector('#main > .done')?.remove(); // it says what happened before
    announce('');
  });
  on('htmx:finally:request', ({ detail: { ctx } }) => busy.get(ctx)?.removeAttribute('aria-busy'));

  // No answer at all. A place that was loading says so itself; after a press the notice does, and it can be repeated.
  on('htmx:error', ({ detail: { ctx } }) => {
    const place = ctx?.sourceElement?.matches?.('div[hx-trigger^=load]') ? ctx.sourceElement : notice;
    place.replaceChildren(document.getElementById('offline').content.cloneNode(true));
    announce(place.querySelector('p').textContent);
  });

  // The browser may restore a page from its memory after a sign-out: ask the server instead.
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
})();
