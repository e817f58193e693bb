// Wallets: a button with data-wallet asks the browser's wallet for a signature, then sends its form with it.
(() => {
  'use strict';
  const MISSING = 'There is no such wallet in this browser. Install one, or use another way.';
  const REFUSED = 'The wallet did not sign. Unlock it and approve the message, or use another way.';
  const UNANSWERED = 'The server did not answer. Check your network, then try again.';
  const STATUSES = {
    401: 'Your session has ended. Sign in again in another tab, then try again.',
    403: 'Confirm that it’s you first: reload this page and enter a code.',
    429: 'Too many requests. Wait a minute, then try again.',
  };
  const ready = new WeakSet(); // forms that hold what the wallet has just signed

  // Ethereum wallets announce themselves (EIP-6963); older ones are a global.
  let ethereum;
  addEventListener('eip6963:announceProvider', ({ detail }) => { ethereum ??= detail.provider; });
  dispatchEvent(new Event('eip6963:requestProvider'));

  const hex = (bytes) => `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  const bytes = (text) => new TextEncoder().encode(text);
  const wallets = {
    ethereum: async () => {
      const wallet = ethereum ?? window.ethereum;
      if (!wallet) return null;
      const [address] = await wallet.request({ method: 'eth_requestAccounts' });
      const sign = (text) => wallet.request({ method: 'personal_sign', params: [hex(bytes(text)), address] });
      return { address, sign };
    },
    solana: async () => {
      const wallet = window.solana;
      if (!wallet) return null;
      const { publicKey } = await wallet.connect();
      const sign = async (text) => {
        const { signature } = await wallet.signMessage(bytes(text), 'utf8');
        return btoa(String.fromCharCode(...signature)); // Stytch's docs name no encoding
      };
      return { address: publicKey.toString(), sign };
    },
  };

  const challengeFor = async (form, button, address) => {
    const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value, kind: button.dataset.wallet, address });
    // As htmx asks, so that a lost session is a status and not a way to the sign-in.
    const answer = await fetch(button.dataset.challengeUrl, { method: 'POST', body, headers: { 'HX-Request': 'true' } })
      .catch(() => { throw new Error(UNANSWERED); });
    if (answer.ok) return (await answer.json()).challenge;
    throw new Error(answer.status === 409 ? (await answer.json()).error : STATUSES[answer.status] ?? UNANSWERED);
  };

  const say = (form, text) => {
    const place = form.querySelector('[data-wallet-error]');
    place.textContent = text;
    place.hidden = !text;
    const status = document.getElementById('status');
    if (status) status.textContent = text;
  };

  const ask = async (form, button) => {
    const refuse = () => { throw new Error(REFUSED); };
    const wallet = await wallets[button.dataset.wallet]().catch(refuse);
    if (!wallet) throw new Error(MISSING);
    const challenge = await challengeFor(form, button, wallet.address);
    const signature = await wallet.sign(challenge).catch(refuse);
    for (const [name, value] of Object.entries({ kind: button.dataset.wallet, address: wallet.address, signature })) {
      form.elements[name].value = value;
    }
    ready.add(form);
    form.requestSubmit(button);
  };

  // Before htmx, which would send the form without a signature.
  document.addEventListener('submit', (event) => {
    const [form, button] = [event.target, event.submitter];
    if (!button?.matches('[data-wallet]') || ready.delete(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    say(form, '');
    ask(form, button).catch((error) => say(form, error.message));
  }, true);
})();
