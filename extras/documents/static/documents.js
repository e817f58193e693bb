// A file that is too large is refused before it is sent: a server may close the connection instead of answering.
(() => {
  'use strict';
  const MAX_BYTES = 20 * 1024 * 1024;
  document.addEventListener('change', ({ target }) => {
    if (!target.matches('input[type=file]')) return;
    const isTooLarge = [...target.files].some((file) => file.size > MAX_BYTES);
    target.setCustomValidity(isTooLarge ? 'Choose a file of at most 20 MB.' : '');
    target.reportValidity();
  });
})();
