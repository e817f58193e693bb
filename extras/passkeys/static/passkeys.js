// Passkeys: a button with data-passkey asks the browser for one, then sends its form with what the browser returned.
// In an email field they are offered by the browser itself. The server says what each ceremony is for.
(() => {
  'use strict';
  const RENEW = 4 * 60_000; // milliseconds; a challenge lives five minutes
  const CANCELED = 'No passkey was used. You canceled, it took too long, or this device has none for this site. Try again, or use another way.';
  const NO_LOCK = 'This device can’t verify you. Set up a fingerprint, face or screen lock, or use another device.';
  const WORDS = {
    ConstraintError: NO_LOCK,
    InvalidStateError: 'This device already has a passkey for your account.',
  };
  const UNANSWERED = 'The server did not answer. Check your network, then try again.';
  const UNSUPPORTED = 'This browser can’t use passkeys. Use another browser, or use another way.';
  const STATUSES = {
    401: 'Your session has ended. Sign in again in another tab, then try again.',
    429: 'Too many requests. Wait a minute, then try again.',
  };
  const ready = new WeakSet(); // forms that hold what the browser has just returned
  let running = new AbortController(); // a browser asks for one passkey at a time
  let offeredUntil = 0;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0));
  const base64url = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

  // What the browser takes, from JSON: its own parser, or for older browsers the same by hand.
  const parsed = (options) => {
    const [create, get] = [PublicKeyCredential.parseCreationOptionsFromJSON, PublicKeyCredential.parseRequestOptionsFromJSON];
    if (create && get) return (options.rp ? create : get).call(PublicKeyCredential, options);
    const named = (list) => list?.map((each) => ({ ...each, id: bytes(each.id) }));
    const found = { ...options, challenge: bytes(options.challenge) };
    if (options.rp) found.user = { ...options.user, id: bytes(options.user.id) };
    if (options.excludeCredentials) found.excludeCredentials = named(options.excludeCredentials);
    if (options.allowCredentials) found.allowCredentials = named(options.allowCredentials);
    return found;
  };

  // By hand: some password managers replace toJSON() with one that is wrong.
  const serialized = ({ id, type, response }) => {
    const names = ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'];
    // A new passkey's authenticatorData is in its attestationObject.
    const given = names.filter((name) => response[name] && !(name === 'authenticatorData' && response.attestationObject));
    const parts = given.map((name) => [name, base64url(response[name])]);
    return JSON.stringify({ id, rawId: id, type, response: Object.fromEntries(parts) });
  };

  const optionsOf = async (form, button, signal) => {
    if (button.dataset.options) return JSON.parse(button.dataset.options);
    const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
    // As htmx asks, so that a lost session is a status and not a way to the sign-in.
    const answer = await fetch(button.dataset.optionsUrl, { method: 'POST', body, signal, headers: { 'HX-Request': 'true' } });
    if (answer.ok) return answer.json();
    const said = answer.status === 409 ? (await answer.json()).error : STATUSES[answer.status];
    throw new Error(said ?? UNANSWERED);
  };

  const say = (form, text) => {
    const place = form.querySelector('[data-passkey-error]');
    place.textContent = text;
    place.hidden = !text;
    const status = document.getElementById('status');
    if (status) status.textContent = text;
  };

  // Ask for a passkey and send the form. With mediation "conditional", the browser offers them in the email field.
  const ask = async (form, button, mediation) => {
    running.abort();
    const { signal } = running = new AbortController();
    let options = {};
    try {
      if (!window.PublicKeyCredential) throw new Error(UNSUPPORTED);
      options = await optionsOf(form, button, signal);
      const publicKey = parsed(options);
      const credential = options.rp
        ? await navigator.credentials.create({ publicKey, signal })
        : await navigator.credentials.get({ publicKey, signal, ...(mediation && { mediation }) });
      form.elements[button.dataset.passkey].value = serialized(credential);
      ready.add(form);
      form.requestSubmit(button);
    } catch (error) {
      if (mediation || signal.aborted) return; // nobody has asked for it, or it was asked for anew
      const elsewhere = `Passkeys work only at ${options.rp?.id ?? options.rpId}. Check the address bar.`;
      const known = { ...WORDS, SecurityError: elsewhere, TypeError: UNANSWERED, Error: error.message };
      const hasLock = await window.PublicKeyCredential?.isUserVerifyingPlatformAuthenticatorAvailable?.();
      say(form, known[error.name] ?? (hasLock ? CANCELED : NO_LOCK)); // browsers tell no more than NotAllowedError
    }
  };

  // Before htmx, which would send the form without a passkey.
  document.addEventListener('submit', (event) => {
    const [form, button] = [event.target, event.submitter];
    if (!button?.matches('[data-passkey]') || ready.delete(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    say(form, '');
    ask(form, button);
  }, true);

  const offer = async (field) => {
    const button = document.querySelector('#passkey-sign-in [data-passkey]');
    if (!button || Date.now() < offeredUntil) return;
    offeredUntil = Date.now() + RENEW;
    if (!await window.PublicKeyCredential?.isConditionalMediationAvailable?.()) return;
    ask(button.form, button, 'conditional');
    const own = running;
    setTimeout(() => {
      if (own.signal.aborted) return;
      own.abort();
      if (document.activeElement === field) offer(field);
    }, RENEW);
  };
  const isOffering = (element) => element?.matches?.('[autocomplete~=webauthn]');
  document.addEventListener('focusin', ({ target }) => { if (isOffering(target)) offer(target); });
  if (isOffering(document.activeElement)) offer(document.activeElement);
})();
