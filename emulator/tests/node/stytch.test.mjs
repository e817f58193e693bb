// Stytch's official Node client against the emulator: every call, and its refusals.
import assert from "node:assert/strict";
import { createHash, createHmac, generateKeyPairSync, randomBytes, randomUUID, sign } from "node:crypto";
import test from "node:test";
import stytch from "stytch";

const origin = process.env.EMULATOR_URL;

/** A tenant of its own, with its client. */
function tenant() {
  const projectId = `project-test-${randomUUID()}`;
  const client = new stytch.Client({ project_id: projectId, secret: "secret-test-emulated", env: `${origin}/` });
  const control = async (path, method = "GET", body) => {
    const response = await fetch(`${origin}/control/tenants/${projectId}/${path}`, {
      method,
      headers: { "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
    return response.json();
  };
  const mailed = async () => (await control("mails"))[0].token;
  const signIn = async (email = "ada@example.com") => {
    await client.magicLinks.email.loginOrCreate({ email });
    return client.magicLinks.authenticate({ token: await mailed(), session_duration_minutes: 60 });
  };
  return { client, control, mailed, projectId, signIn };
}

/** Bytes as Solana writes them. */
function base58(bytes) {
  const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  let [number, text] = [BigInt(`0x${bytes.toString("hex")}`), ""];
  for (; number; number /= 58n) text = alphabet[Number(number % 58n)] + text;
  return "1".repeat(bytes.findIndex((byte) => byte)) + text;
}

/** What an authenticator app shows. */
function codeOf(secret, step = Math.floor(Date.now() / 30_000)) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", key).update(counter).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** A browser on https://app.example with one passkey: what `navigator.credentials` would return, as JSON. */
function authenticator() {
  const [rpId, origin, id] = ["app.example", "https://app.example", randomBytes(16)];
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x, y } = publicKey.export({ format: "jwk" });
  const cose = Buffer.concat([
    Buffer.from("a5010203262001215820", "hex"), Buffer.from(x, "base64url"),
    Buffer.from("225820", "hex"), Buffer.from(y, "base64url"),
  ]);
  let counter = 0;
  const data = (flags) => {
    const head = Buffer.alloc(5);
    head.writeUInt8(flags);
    head.writeUInt32BE(counter, 1);
    return Buffer.concat([createHash("sha256").update(rpId).digest(), head]);
  };
  const answer = (type, challenge, response) => {
    const clientDataJSON = Buffer.from(JSON.stringify({ type, challenge, origin }));
    const parts = Object.entries({ clientDataJSON, ...response(clientDataJSON) });
    const encoded = Object.fromEntries(parts.map(([name, value]) => [name, value.toString("base64url")]));
    const text = id.toString("base64url");
    return JSON.stringify({ id: text, rawId: text, type: "public-key", response: encoded });
  };
  const create = (options) => answer("webauthn.create", JSON.parse(options).challenge, () => {
    const authData = Buffer.concat([data(0x45), Buffer.alloc(16), Buffer.from([0, id.length]), id, cose]);
    const head = "a363666d74646e6f6e656761747453746d74a068617574684461746158"; // CBOR: fmt, attStmt, authData
    const attestationObject = Buffer.concat([Buffer.from(head, "hex"), Buffer.from([authData.length]), authData]);
    return { attestationObject };
  });
  const get = (options) => answer("webauthn.get", JSON.parse(options).challenge, (clientDataJSON) => {
    counter += 1;
    const authenticatorData = data(0x05);
    const signed = Buffer.concat([authenticatorData, createHash("sha256").update(clientDataJSON).digest()]);
    return { authenticatorData, signature: sign("sha256", signed, privateKey) };
  });
  return { create, get };
}

const refusal = (status, type) => (error) => {
  assert.ok(error instanceof stytch.StytchError, String(error));
  assert.deepEqual([error.status_code, error.error_type], [status, type]);
  return true;
};

test("an emailed link opens once", async () => {
  const { client, mailed, signIn } = tenant();

  const opened = await signIn();

  assert.equal(opened.user.emails[0].verified, true);
  assert.equal(opened.session.authentication_factors[0].delivery_method, "email");
  await assert.rejects(client.magicLinks.authenticate({ token: await mailed() }), refusal(401, "unable_to_auth_magic_link"));
});

test("send finds existing users and invite creates a pending user", async () => {
  const { client, mailed } = tenant();

  await assert.rejects(client.magicLinks.email.send({ email: "nobody@example.com" }), refusal(404, "email_not_found"));
  const invited = await client.magicLinks.email.invite({ email: "bob@example.com" });
  assert.equal((await client.users.get({ user_id: invited.user_id })).status, "pending");
  await client.magicLinks.authenticate({ token: await mailed() });
  assert.equal((await client.users.get({ user_id: invited.user_id })).status, "active");
});

test("an invitation can be revoked", async () => {
  const { client, mailed } = tenant();
  await client.magicLinks.email.invite({ email: "bob@example.com" });

  await client.magicLinks.email.revokeInvite({ email: "bob@example.com" });

  await assert.rejects(client.magicLinks.authenticate({ token: await mailed() }), refusal(401, "unable_to_auth_magic_link"));
});

test("pkce ties a link to the browser that requested it", async () => {
  const { client, mailed } = tenant();
  const verifier = randomBytes(32).toString("hex");
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  await client.magicLinks.email.loginOrCreate({ email: "ada@example.com", code_challenge: challenge });
  const token = await mailed();

  await assert.rejects(client.magicLinks.authenticate({ token }), refusal(400, "pkce_expected_code_verifier"));
  assert.equal((await client.magicLinks.authenticate({ token, code_verifier: verifier })).status_code, 200);
});

test("an embedded link needs no email", async () => {
  const { client } = tenant();
  const { user_id } = await client.users.create({ email: "ada@example.com" });

  const { token } = await client.magicLinks.create({ user_id });
  const opened = await client.magicLinks.authenticate({ token, session_duration_minutes: 60 });

  assert.equal(opened.session.authentication_factors[0].delivery_method, "embedded");
});

test("a session is authenticated, listed and revoked", async () => {
  const { client, signIn } = tenant();
  const { session_token, session_jwt, user_id } = await signIn();

  assert.equal((await client.sessions.authenticate({ session_jwt })).session_token, session_token);
  assert.equal((await client.sessions.get({ user_id })).sessions.length, 1);
  await client.sessions.revoke({ session_token });

  await assert.rejects(client.sessions.authenticate({ session_token }), refusal(404, "session_not_found"));
});

test("a jwt is verified locally before and after a key rotation", async () => {
  const { client, control, projectId, signIn } = tenant();
  const { session_jwt, user_id, session_token } = await signIn();

  assert.equal((await client.sessions.authenticateJwtLocal({ session_jwt })).user_id, user_id);
  await control("keys", "POST");
  const { keys } = await client.sessions.getJWKS({ project_id: projectId });
  const renewed = (await client.sessions.authenticate({ session_token })).session_jwt;

  assert.equal(keys.length, 2);
  assert.equal(JSON.parse(Buffer.from(renewed.split(".")[0], "base64url")).kid, keys[1].kid);
});

test("an authenticator app is enrolled and replays are refused", async () => {
  const { client, signIn } = tenant();
  const { user_id, session_token } = await signIn();
  const { secret, qr_code } = await client.totps.create({ user_id });
  const totp_code = codeOf(secret);

  const proven = await client.totps.authenticate({ user_id, totp_code, session_token, session_duration_minutes: 60 });

  assert.match(qr_code, /^data:image\/png;base64,/);
  assert.deepEqual(proven.session.authentication_factors.map((factor) => factor.type), ["magic_link", "totp"]);
  await assert.rejects(client.totps.authenticate({ user_id, totp_code }), refusal(400, "totp_code_already_authenticated"));
  await assert.rejects(client.totps.create({ user_id }), refusal(400, "active_totp_exists"));
});

test("a recovery code works once", async () => {
  const { client } = tenant();
  const { user_id } = await client.users.create({ email: "ada@example.com" });
  const { secret } = await client.totps.create({ user_id });
  await client.totps.authenticate({ user_id, totp_code: codeOf(secret) });
  const { totps } = await client.totps.recoveryCodes({ user_id });
  const [recovery_code] = totps[0].recovery_codes;

  await client.totps.recover({ user_id, recovery_code });

  await assert.rejects(client.totps.recover({ user_id, recovery_code }), refusal(401, "unable_to_authenticate_recovery_code"));
});

test("ten wrong codes lock a user", async () => {
  const { client } = tenant();
  const { user_id } = await client.users.create({ email: "ada@example.com" });
  const { secret } = await client.totps.create({ user_id });
  const step = Math.floor(Date.now() / 30_000);
  const near = [-2, -1, 0, 1, 2].map((offset) => codeOf(secret, step + offset));
  const totp_code = ["000000", "111111", "222222", "333333", "444444", "555555"].find((code) => !near.includes(code));

  for (let guess = 0; guess < 10; guess += 1) {
    await assert.rejects(client.totps.authenticate({ user_id, totp_code }), refusal(401, "unable_to_authenticate_totp"));
  }

  await assert.rejects(client.totps.authenticate({ user_id, totp_code }), refusal(429, "user_lock_limit_reached"));
  assert.equal((await client.users.get({ user_id })).is_locked, true);
});

for (const [channel, to] of [
  ["sms", { phone_number: "+12025550143" }], ["whatsapp", { phone_number: "+12025550143" }], ["email", { email: "ada@example.com" }],
]) {
  test(`a code by ${channel} signs in once, and proves a factor of a session`, async () => {
    const { client, control, signIn } = tenant();
    const { session_token, user_id } = await signIn();
    const code = async () => (await control(`messages?channel=${channel}`))[0].code;
    const idOf = (sent) => sent.phone_id ?? sent.email_id;

    const added = await client.otps[channel].send({ ...to, session_token });
    const proven = await client.otps.authenticate({
      method_id: idOf(added), code: await code(), session_token, session_duration_minutes: 60,
    });
    await control("clock", "POST", { seconds: 1 });
    const again = await client.otps[channel].loginOrCreate(to);
    const used = { method_id: idOf(again), code: await code() };
    const signedIn = await client.otps.authenticate(used);

    assert.deepEqual(proven.session.authentication_factors.map((factor) => factor.delivery_method), ["email", channel]);
    assert.deepEqual([signedIn.user_id, again.user_created], [user_id, false]);
    await assert.rejects(client.otps.authenticate(used), refusal(401, "unable_to_auth_otp_code"));
    await assert.rejects(client.otps.authenticate({ ...used, code: "x" }), refusal(400, "invalid_code"));
  });
}

test("a deleted phone number ends the session that it alone proved", async () => {
  const { client, control } = tenant();
  const { phone_id, user_id } = await client.otps.sms.loginOrCreate({ phone_number: "+12025550143" });
  const [{ code }] = await control("messages");
  const { session_token } = await client.otps.authenticate({ method_id: phone_id, code, session_duration_minutes: 60 });
  const { email_id } = await client.otps.email.send({ email: "ada@example.com", user_id });
  const [{ code: emailed }] = await control("messages?channel=email");
  await client.otps.authenticate({ method_id: email_id, code: emailed });

  await client.users.deletePhoneNumber({ phone_id });

  await assert.rejects(client.sessions.authenticate({ session_token }), refusal(404, "session_not_found"));
  await assert.rejects(client.users.deleteEmail({ email_id }), refusal(400, "cannot_delete_last_primary_factor"));
});

test("users are created, found, changed and deleted", async () => {
  const { client } = tenant();
  const { user_id, status_code } = await client.users.create({
    email: "ada@example.com", phone_number: "+15555550101", trusted_metadata: { plan: "free", seats: 1 },
  });

  await client.users.update({ user_id, name: { first_name: "Ada" }, trusted_metadata: { plan: "paid", seats: null } });
  const query = { operator: "AND", operands: [{ filter_name: "email_address", filter_value: ["ada@example.com"] }] };
  const { results } = await client.users.search({ query });
  const { phone_id } = results[0].phone_numbers[0];
  const { user } = await client.users.deletePhoneNumber({ phone_id });
  await client.users.delete({ user_id });

  assert.equal(status_code, 201);
  assert.deepEqual([results[0].name.first_name, results[0].trusted_metadata], ["Ada", { plan: "paid" }]);
  assert.deepEqual(user.phone_numbers, []);
  await assert.rejects(client.users.get({ user_id }), refusal(404, "user_not_found"));
});

test("the only factor is exchanged, and a biometric registration is deleted", async () => {
  const { client, control } = tenant();
  const seed = { users: [{ email: "ada@example.com", biometric_registrations: [{}] }] };
  const [{ user_id, biometric_registrations: [biometric_registration_id] }] = (await control("seed", "POST", seed)).users;
  const exchange = () => client.users.exchangePrimaryFactor({ user_id, phone_number: "+12025550143" });

  await assert.rejects(exchange(), refusal(400, "invalid_exchange_primary_factor_user"));
  const { user: before } = await client.users.deleteBiometricRegistration({ biometric_registration_id });
  const { user } = await exchange();

  assert.deepEqual(before.biometric_registrations, []);
  assert.deepEqual([user.emails, user.phone_numbers[0].verified], [[], false]);
  const again = client.users.deleteBiometricRegistration({ biometric_registration_id });
  await assert.rejects(again, refusal(404, "biometric_registration_not_found"));
});

test("an invitation makes a pending user active, once, unless it is revoked", async () => {
  const { client, control } = tenant();
  const invite = (email) => client.magicLinks.email.invite({ email, trusted_metadata: { invited_by: "user-1" } });
  await invite("ada@example.com");
  const [{ token }] = await control("mails");
  await invite("bob@example.com");
  await client.magicLinks.email.revokeInvite({ email: "bob@example.com" });
  const [{ token: revoked }] = await control("mails");

  const { user, session } = await client.magicLinks.authenticate({ token, session_duration_minutes: 60 });

  assert.deepEqual([user.status, user.trusted_metadata], ["active", { invited_by: "user-1" }]);
  assert.equal(session.authentication_factors[0].delivery_method, "email");
  await assert.rejects(client.magicLinks.authenticate({ token: revoked }), refusal(401, "unable_to_auth_magic_link"));
  await assert.rejects(client.magicLinks.email.revokeInvite({ email: "no@example.com" }), refusal(404, "email_not_found"));
});

test("an embedded link proves no address", async () => {
  const { client } = tenant();
  const { user_id } = await client.users.create({ email: "ada@example.com" });

  const { token } = await client.magicLinks.create({ user_id, expiration_minutes: 5 });
  const { user, session } = await client.magicLinks.authenticate({ token, session_duration_minutes: 60 });

  assert.equal(session.authentication_factors[0].delivery_method, "embedded");
  assert.equal(user.emails[0].verified, false);
});

test("deleting a factor ends a session without another one", async () => {
  const { client } = tenant();
  const { user_id } = await client.users.create({ email: "ada@example.com" });
  const { secret, totp_id } = await client.totps.create({ user_id });
  const { session_token } = await client.totps.authenticate({
    user_id, totp_code: codeOf(secret), session_duration_minutes: 60,
  });

  const { user } = await client.users.deleteTOTP({ totp_id });

  assert.deepEqual(user.totps, []);
  await assert.rejects(client.sessions.authenticate({ session_token }), refusal(404, "session_not_found"));
});

test("oauth signs in by a token that works once, attaches to a user, and is deleted", async () => {
  const { client, projectId } = tenant();
  const [url, verifier] = ["https://app.example/return", randomBytes(32).toString("hex")];
  const code_challenge = createHash("sha256").update(verifier).digest("base64url");
  const given = { public_token: projectId.replace("project-", "public-token-"), login_redirect_url: url, signup_redirect_url: url };
  const comeBack = async (more) => {
    const page = await fetch(`${origin}/v1/public/oauth/github/start?${new URLSearchParams({ ...given, ...more })}`);
    const form = new URLSearchParams({ state: new URL(page.url).searchParams.get("state"), choice: "ada@example.com" });
    const agreed = await fetch(page.url, { method: "POST", body: form, redirect: "manual" });
    const called = await fetch(new URL(agreed.headers.get("location"), origin), { redirect: "manual" });
    return new URL(called.headers.get("location")).searchParams.get("token");
  };
  const token = await comeBack({ code_challenge });

  await assert.rejects(client.oauth.authenticate({ token, code_verifier: "w".repeat(43) }), refusal(400, "pkce_mismatch"));
  const signedIn = await client.oauth.authenticate({ token, code_verifier: verifier, session_duration_minutes: 60 });
  await assert.rejects(client.oauth.authenticate({ token, code_verifier: verifier }), refusal(400, "oauth_token_not_found"));
  const { oauth_attach_token } = await client.oauth.attach({ provider: "github", user_id: signedIn.user_id });
  const attached = await client.oauth.authenticate({ token: await comeBack({ oauth_attach_token }) });
  const { oauth_user_registration_id } = attached;
  const deleted = await client.users.deleteOAuthRegistration({ oauth_user_registration_id });

  assert.equal(signedIn.user_session.authentication_factors[0].github_oauth_factor.id, oauth_user_registration_id);
  assert.deepEqual([signedIn.provider_type, signedIn.user.name.first_name, signedIn.reset_sessions], ["GitHub", "Ada", false]);
  assert.equal(attached.user_id, signedIn.user_id);
  assert.deepEqual(deleted.user.providers, []);
});

test("a passkey is registered, signs in once, is renamed, listed and deleted", async () => {
  const { client } = tenant();
  const { user_id } = await client.users.create({ email: "ada@example.com" });
  const [phone, domain] = [authenticator(), "app.example"];
  const started = await client.webauthn.registerStart({ user_id, domain, use_base64_url_encoding: true });
  const public_key_credential = phone.create(started.public_key_credential_creation_options);

  const { webauthn_registration_id } = await client.webauthn.register({ user_id, public_key_credential });
  const asked = await client.webauthn.authenticateStart({ domain, use_base64_url_encoding: true });
  const proof = { public_key_credential: phone.get(asked.public_key_credential_request_options) };
  const signedIn = await client.webauthn.authenticate({ ...proof, session_duration_minutes: 60 });
  const renamed = await client.webauthn.update({ webauthn_registration_id, name: "Blue key" });
  const { credentials } = await client.webauthn.listCredentials({ user_id, domain });
  const { user } = await client.users.deleteWebAuthnRegistration({ webauthn_registration_id });

  assert.equal(signedIn.user_id, user_id);
  assert.equal(signedIn.session.authentication_factors[0].delivery_method, "webauthn_registration");
  assert.equal(renamed.webauthn_registration.name, "Blue key");
  assert.equal(credentials[0].webauthn_registration_id, webauthn_registration_id);
  assert.deepEqual(user.webauthn_registrations, []);
  await assert.rejects(client.webauthn.authenticate(proof), refusal(404, "webauthn_registration_not_found"));
});

test("a wallet signs in with the signature of a challenge, and is deleted", async () => {
  const { client } = tenant();
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const wallet = {
    crypto_wallet_type: "solana",
    crypto_wallet_address: base58(publicKey.export({ format: "der", type: "spki" }).subarray(-32)),
  };

  const { challenge, user_id } = await client.cryptoWallets.authenticateStart(wallet);
  const proof = { ...wallet, signature: sign(null, Buffer.from(challenge), privateKey).toString("base64") };
  const signedIn = await client.cryptoWallets.authenticate({ ...proof, session_duration_minutes: 60 });
  const [{ crypto_wallet_id }] = signedIn.user.crypto_wallets;
  const { user } = await client.users.deleteCryptoWallet({ crypto_wallet_id });

  assert.equal(signedIn.user_id, user_id);
  assert.equal(signedIn.session.authentication_factors[0].delivery_method, "crypto_wallet");
  assert.deepEqual(user.crypto_wallets, []);
  await assert.rejects(client.cryptoWallets.authenticate(proof), refusal(401, "unable_to_authenticate_crypto_wallet"));
});

test("the sandbox values of stytch's test environment work", async () => {
  const { client } = tenant();

  const opened = await client.magicLinks.authenticate({ token: "DOYoip3rvIMMW5lgItikFK-Ak1CfMsgjuiCyI7uuU94=" });
  const token = "WJtR5BCy38Szd5AfoDpf0iqFKEt4EE5JhjlWUY7l3FtY";

  assert.equal(opened.user_id, "user-test-e3795c81-f849-4167-bfda-e4a6e9c280fd");
  assert.equal((await client.sessions.authenticate({ session_token: token })).session_token, token);
});

test("wrong credentials are refused", async () => {
  const client = new stytch.Client({ project_id: "project-test-1", secret: "x", env: `${origin}/` });

  await assert.rejects(client.users.search({}), refusal(401, "unauthorized_credentials"));
});

test("a fault has the format that the client expects", async () => {
  const { client, control } = tenant();
  await control("faults", "POST", { path: "/v1/users", fault: "rate_limited" });

  await assert.rejects(client.users.create({ email: "ada@example.com" }), refusal(429, "too_many_requests"));
  assert.equal((await client.users.create({ email: "ada@example.com" })).status_code, 201);
});

test("a password signs in, is rated, changed in each way, and deleted", async () => {
  const { client, control } = tenant();
  const email = "ada@example.com";
  const [first, second, third] = ["violet-otter-plays-harp", "seven quiet lanterns drift", "marble-anchor-tango-91"];
  const { user } = await client.passwords.create({ email, password: first });

  const rated = await client.passwords.strengthCheck({ password: "password1", email });
  const { session_token } = await client.passwords.authenticate({ email, password: first, session_duration_minutes: 60 });
  const kept = await client.passwords.sessions.reset({ password: second, session_token, session_duration_minutes: 60 });
  await client.passwords.existingPassword.reset({ email, existing_password: second, new_password: third });
  await client.passwords.email.resetStart({ email });
  const [{ token, login_link }] = await control("mails");
  await client.passwords.email.reset({ token, password: first });
  const opened = await client.magicLinks.authenticate({ token: new URL(login_link).searchParams.get("token") });
  await client.users.deletePassword({ password_id: user.password.password_id });

  assert.deepEqual([rated.score, rated.valid_password, rated.breached_password], [0, false, true]);
  assert.ok(rated.feedback.warning && rated.feedback.suggestions.length);
  assert.equal(kept.session_token, session_token);
  assert.equal(opened.user_id, user.user_id);
  await assert.rejects(client.sessions.authenticate({ session_token }), refusal(404, "session_not_found"));
  await assert.rejects(client.passwords.email.reset({ token, password: first }), refusal(401, "unable_to_auth_password_reset_token"));
  await assert.rejects(client.passwords.authenticate({ email, password: first }), refusal(400, "no_user_password"));
});

test("a migrated password signs in, and a weak, breached or wrong one is refused", async () => {
  const { client } = tenant();
  const [email, password] = ["ada@example.com", "violet-otter-plays-harp"];
  const hash = createHash("sha1").update(password).digest("hex");

  const { user_created } = await client.passwords.migrate({ email, hash, hash_type: "sha_1" });

  assert.equal(user_created, true);
  assert.equal((await client.passwords.authenticate({ email, password })).status_code, 200);
  await assert.rejects(client.passwords.authenticate({ email, password: "x" }), refusal(401, "unauthorized_credentials"));
  const refused = async (text, type) =>
    assert.rejects(client.passwords.create({ email: "bob@example.com", password: text }), refusal(400, type));
  await refused("sesame7", "weak_password");
  await refused("correct horse battery staple", "breached_password");
});
