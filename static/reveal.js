// Shows a card's number and CVV in frames of the bank's vault (VGS Show): this page cannot read what is in them.
(() => {
  'use strict';
  const SHOWN = 'Shown for one minute.';
  const FOR_A_MINUTE = 60_000; // milliseconds
  const place = document.getElementById('vault');
  const says = document.getElementById('vault-says');
  if (!place || !says) return;
  const say = (words) => {
    says.textContent = words;
    document.getElementById('status').textContent = words; // the page's one live region
  };
  const { vault, environment, card, token } = place.dataset;
  place.removeAttribute('data-token');
  if (!window.VGSShow) {
    say('The bank’s frame did not load. Reload the page to try again.');
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
    frame.on('revealSuccess', () => { say(SHOWN); });
    frame.on('revealFail', () => {
      say('The bank does not show this number. Physical cards carry theirs on them; others may be frozen or out of use.');
    });
    frame.render(`#${name}`, { 'font-family': 'monospace', 'font-size': '20px' });
    return frame;
  });
  setTimeout(() => {
    frames.forEach((frame) => frame.unmount());
    if (says.textContent === SHOWN) say('Hidden again. Reload the page to see the number once more.');
  }, FOR_A_MINUTE);
})();
