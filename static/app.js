// The script of every page: what HTML and htmx cannot do by themselves. Every page works without it.
(() => {
  'use strict';
  const announce = (text) => {
    const status = document.getElementById('status');
    if (status) status.textContent = text;
  };
  const on = (name, listener) => document.addEventListener(name, listener);
  const notice = document.getElementById('notice');

  // A button that was pressed says what is happening, until its own request has ended.
  const pressed = new WeakMap();
  const say = (ctx, button) => {
    const [idle, words] = [button.textContent, button.dataset.busy ?? 'One moment…'];
    if (idle === words || button.childElementCount) return;
    button.textContent = words;
    announce(words);
    pressed.set(ctx, () => {
      button.textContent = idle;
      if (document.getElementById('status')?.textContent === words) announce('');
    });
  };

  // What is loading says so to assistive technology.
  const busy = new WeakMap();
  on('htmx:before:request', ({ detail: { ctx } }) => {
    if (!(ctx.target instanceof Element)) return;
    busy.set(ctx, ctx.target);
    ctx.target.setAttribute('aria-busy', 'true');
    if (!['submit', 'click'].includes(ctx.sourceEvent?.type)) return;
    notice.replaceChildren();
    // What the act before has led to. Emptied, not removed: it may be where the next result goes.
    document.querySelectorAll('#main .done, #main .error[tabindex]').forEach((result) => result.replaceChildren());
    announce('');
    const button = ctx.sourceEvent.submitter ?? ctx.sourceElement;
    if (button.matches('button')) say(ctx, button);
  });
  on('htmx:finally:request', ({ detail: { ctx } }) => {
    busy.get(ctx)?.removeAttribute('aria-busy');
    pressed.get(ctx)?.();
  });

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
  const TOO_MANY = 'Too many requests. Nothing was changed. Wait a minute, then try again.';
  const UNCONFIRMED = 'The server did not answer. Your request may have gone through. Check before you try again.';
  const NO_ANSWER = 'The server did not answer. Nothing was lost. Try again in a moment.';
  on('htmx:before:response', (event) => {
    const { ctx } = event.detail;
    if (ctx.response.headers.get('Vary')?.includes('HX-Request')) {
      const isLost = ctx.response.status === 401;
      if (isLost && notice.querySelector('.lost-session')) event.preventDefault(); // said, until the next press
      else if (notice.querySelector('.offline, .lost-session')) notice.replaceChildren(); // as before again
      return;
    }
    event.preventDefault();
    const { status } = ctx.response;
    const isRead = ctx.request.method.toUpperCase() === 'GET';
    const words = { 413: TOO_LARGE, 414: TOO_LARGE, 429: TOO_MANY, 431: TOO_LARGE };
    fail(ctx, words[status] ?? (status >= 500 && !isRead ? UNCONFIRMED : NO_ANSWER));
  });

  // A live region that was full from the start is not read out: fill it once more.
  const said = document.getElementById('status')?.textContent;
  if (said) {
    announce('');
    setTimeout(() => announce(said), 100);
  }

  // The browser may restore a page from its memory after a sign-out: ask the server instead.
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
})();
