// Shows a password when its button is pressed, and hides it again before its form is sent.
(() => {
  'use strict';
  const ready = () => document.querySelectorAll('[data-show-password]').forEach((button) => { button.parentElement.hidden = false; });
  const set = (button, isShown) => {
    document.getElementById(button.dataset.showPassword).type = isShown ? 'text' : 'password';
    button.textContent = button.textContent.replace(/^\w+/, isShown ? 'Hide' : 'Show');
  };
  document.addEventListener('click', ({ target }) => {
    const button = target.closest?.('[data-show-password]');
    if (button) set(button, button.textContent.startsWith('Show'));
  });
  // Browsers remember what was typed into fields of text.
  document.addEventListener('submit', ({ target }) => {
    target.querySelectorAll('[data-show-password]').forEach((button) => set(button, false));
  }, true);
  document.addEventListener('htmx:after:swap', ready);
  ready();
})();
