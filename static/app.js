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
  const fail = (ctx, words = '') => {
    const place = ctx?.sourceElement?.matches?.('div[hx-trigger^=load]') ? ctx.sourceElement : notice;
    place.replaceChildren(document.getElementById('offline').content.cloneNode(true));
    if (words) place.querySelector('p').textContent = words;
    announce(place.querySelector('p').textContent);
  };
  on('htmx:error', ({ detail: { ctx } }) => fail(ctx));

  // An answer of a proxy in front, such as 413 or 502, is not swapped in: every answer of the app varies by HX-Request.
  const TOO_LARGE = 'Request too large. Nothing was saved. Send less, then try again.';
  const UNCONFIRMED = 'The server did not answer. Your request may have gone through. Check before you try again.';
  const NO_ANSWER = 'The server did not answer. Nothing was lost. Try again in a moment.';
  on('htmx:before:response', (event) => {
    const { ctx } = event.detail;
    if (ctx.response.headers.get('Vary')?.includes('HX-Request')) {
      if (notice.querySelector('.offline')) notice.replaceChildren(); // there is a connection again
      return;
    }
    event.preventDefault();
    const { status } = ctx.response;
    const isRead = ctx.request.method.toUpperCase() === 'GET';
    fail(ctx, [413, 414, 431].includes(status) ? TOO_LARGE : status >= 500 && !isRead ? UNCONFIRMED : NO_ANSWER);
  });

  // The browser may restore a page from its memory after a sign-out: ask the server instead.
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
})();
