// Unit's components: gives each its token, a new one when Unit refuses it, and deletes what they store.
(() => {
  'use strict';
  const STORED = ['unitCustomerToken', 'unitVerifiedCustomerToken'];
  const PATIENCE = 10_000; // milliseconds until a script counts as missing, and between two new tokens
  const form = document.getElementById('components');
  const message = document.getElementById('components-message');
  const places = [...(form?.querySelectorAll('.component') ?? [])];
  if (!places.length || !message) return;
  let renewed = -Infinity;

  const say = (text) => {
    message.textContent = text;
    document.getElementById('status').textContent = text; // the page's one live region
  };
  const forget = () => {
    places.forEach((place) => place.replaceChildren());
    STORED.forEach((key) => localStorage.removeItem(key));
  };
  const stop = (text) => {
    forget();
    say(text);
  };

  const show = (place, token) => {
    const element = place.firstElementChild ?? document.createElement(place.dataset.tag);
    for (const [name, value] of Object.entries(JSON.parse(place.dataset.attributes))) element.setAttribute(name, value);
    element.setAttribute('customer-token', token); // before it is in the page, where it starts
    if (!element.isConnected) place.append(element);
  };
  const renew = async () => {
    if (performance.now() - renewed < PATIENCE) { // several elements ask at once, or a new token is refused too
      if (message.textContent === '') say('Unit refuses the token. Reload the page.');
      return;
    }
    renewed = performance.now();
    say('Loading…');
    const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
    const answer = await fetch(form.action, { method: 'POST', body, redirect: 'manual' }).catch(() => null);
    if (answer?.type === 'opaqueredirect' || answer?.status === 403) {
      stop('Your code has run out. Reload the page to enter a new one.');
    } else if (!answer?.ok) {
      stop('The bank did not answer. Reload the page.');
    } else {
      const { token } = await answer.json();
      places.forEach((place) => show(place, token));
      say('');
    }
  };

  addEventListener('unitUnauthorizedToken', renew);
  addEventListener('unitOnLoad', async ({ detail }) => {
    const loaded = await detail;
    if (loaded?.errors?.[0]?.status === '401') renew();
    else if (!loaded?.errors) say(''); // a refusal of the token before was late
  });
  addEventListener('unitCardActivated', async ({ detail }) => {
    await detail;
    location.assign(form.dataset.done);
  });
  addEventListener('unitMultipleCardsCardClicked', async ({ detail }) => {
    const { data } = await detail;
    if (/^[0-9]{1,20}$/.test(data.id)) location.assign(form.dataset.page.replace(/components$/, `${data.id}/components`));
  });
  addEventListener('pagehide', forget);
  addEventListener('pageshow', ({ persisted }) => { if (persisted) location.reload(); });
  setTimeout(() => {
    if (!places.every((place) => customElements.get(place.dataset.tag))) {
      stop('Unit’s components did not load. Reload the page.');
    }
  }, PATIENCE);
  renew();
})();
