// "Use this code": fills the field beside it and presses the form's own button. Without script, a button sends the code.
(() => {
  'use strict';
  if ('pretend' in document.documentElement.dataset) return; // once, though several fragments bring it
  document.documentElement.dataset.pretend = '';
  document.addEventListener('click', ({ target }) => {
    const button = target.closest?.('button[data-code]');
    const field = button?.form?.querySelector(`input[name="${button.dataset.field}"]`);
    if (!field) return;
    field.value = button.dataset.code;
    button.form.requestSubmit(button.form.querySelector(':scope button:not([type=button], [hidden], .pretend *)'));
  });
  const number = document.querySelector('form[target=card-number]');
  if (number?.elements.token.value.startsWith('v2.')) number.requestSubmit(); // without a press; samples have no token
})();
