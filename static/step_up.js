// Step-up: opens the dialog that the server sends, and repeats what it interrupted after the right code.
// Any htmx element that has an id resumes; its template needs nothing for it.
(() => {
  'use strict';
  const announce = (text) => {
    const status = document.getElementById('status');
    if (status) status.textContent = text;
  };
  const on = (name, listener) => document.addEventListener(name, listener, true);
  const open = () => document.querySelector('dialog[data-modal][open]');

  // What is outside a modal dialog is inert, so the places for messages go in with it, and out again.
  const messages = ['notice', 'session-end', 'status'].map((id) => document.getElementById(id)).filter(Boolean);
  const following = messages.map((message) => message.nextElementSibling);
  const putBack = () => messages.forEach((message, number) => following[number].before(message));

  on('htmx:after:swap', () => {
    const dialog = document.querySelector('dialog[data-modal]:not([open])');
    dialog?.showModal();
    dialog?.prepend(...messages);
  });

  // Forms and links repeat their own event; anything else, such as a place that loads, repeats its request.
  const repeat = (element) => {
    if (element.matches('form')) element.requestSubmit();
    else if (element.matches('a, button')) element.click();
    else {
      const verb = ['get', 'post', 'put', 'patch', 'delete'].find((name) => element.hasAttribute(`hx-${name}`));
      if (verb) return htmx.ajax(verb.toUpperCase(), element.getAttribute(`hx-${verb}`), { source: element });
    }
  };

  // Sent by the server after the right code. Other places that waited for a code load as well.
  on('stepup-done', ({ detail }) => {
    const dialog = open();
    putBack();
    dialog?.close(); // before remove(), since it returns the focus
    dialog?.remove();
    const source = document.getElementById(detail.source);
    const url = source?.getAttribute('hx-get');
    const waiting = [...document.querySelectorAll('.unlock')].filter(
      (button) => !source?.contains(button) && button.getAttribute('hx-get') !== url,
    );
    // The dialog had the focus: what it made way for gets it.
    if (source) repeat(source)?.then(() => document.getElementById(detail.source)?.focus({ preventScroll: true }));
    else if (!waiting.length) announce('Confirmed. Now try again.');
    waiting.forEach(repeat);
  });

  // Esc or Cancel. If what had the focus was replaced, the button that asks again gets it.
  on('close', ({ target }) => {
    if (!target.matches?.('dialog[data-modal]')) return;
    putBack();
    target.remove();
    if (document.activeElement === document.body) document.querySelector('.unlock')?.focus();
  });
})();
