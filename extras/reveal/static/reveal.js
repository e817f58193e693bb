// Shows a card's number and CVV in frames of the bank's vault (VGS Show): this page cannot read what is in them.
(() => {
  'use strict';
  const SHOWN = 'Shown for one minute.';
  const SHOWN_FOR = 60_000; // milliseconds
  const place = document.getElementById('vault');
  const message = document.getElementById('vault-message');
  if (!place || !message) return;
  const announce = (text) => {
    message.textContent = text;
    document.getElementById('status').textContent = text; // the page's one live region
  };
  const { vault, environment, card, token } = place.dataset;
  place.removeAttribute('data-token');
  if (!window.VGSShow) {
    announce('The bank’s frame did not load. Reload the page.');
    return;
  }
  const show = window.VGSShow.create(vault).setEnvironment(environment);
  const frames = ['pan', 'cvv2'].map((name) => {
    const frame = show.request({
      name,
      method: 'GET',
      path: `/cards/${card}/secure-data/${name}`,
      headers: { Authorization: `Bearer ${token}` },
      htmlWrapper: 'text',
      jsonPathSelector: `data.attributes.${name}`,
    });
    frame.on('revealSuccess', () => { announce(SHOWN); });
    frame.on('revealFail', () => {
      announce('The bank can’t show this number. Check that the card is active, then reload the page.');
    });
    frame.render(`#${name}`, { 'font-family': 'monospace', 'font-size': '20px' });
    return frame;
  });
  setTimeout(() => {
    frames.forEach((frame) => frame.unmount());
    if (message.textContent === SHOWN) announce('Hidden. Reload the page to see the number again.');
  }, SHOWN_FOR);
})();
