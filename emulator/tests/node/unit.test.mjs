// Unit's official Node client against the emulator: every call, and its refusals.
import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import test from "node:test";
import axios from "axios";
import unit from "@unit-finance/unit-node-sdk";

const { Unit } = unit;
const origin = process.env.EMULATOR_URL;
const address = { street: "1 Main St", city: "Oakland", state: "CA", postalCode: "94607", country: "US" };
const to = (type, id) => ({ data: { type, id } });
const png = Buffer.from("\x89PNG and so on", "latin1");

/** A tenant of its own, with its client and the steps that tests take again and again. */
function tenant(config) {
  const token = `v2.public.emulator-project-test-${randomUUID()}`;
  const org = new Unit(token, `${origin}/`, config);
  const apply = async (changes = {}) =>
    org.applications.create({
      type: "individualApplication",
      attributes: {
        fullName: { first: "Ada", last: "Vance" },
        email: "ada@example.com",
        phone: { countryCode: "1", number: "5555550101" },
        dateOfBirth: "1990-02-03",
        ssn: "123456789",
        address,
        jwtSubject: "user-test-1",
        tags: { tier: "gold" },
        ...changes,
      },
    });
  const customer = async () => (await apply()).data.relationships.customer.data.id;
  const open = async (id) =>
    org.accounts.create({
      type: "depositAccount",
      attributes: { depositProduct: "checking", tags: { for: "spending" } },
      relationships: { customer: to("customer", id) },
    });
  const account = async (funded = 0) => {
    const id = (await open(await customer())).data.id;
    if (funded) {
      await org.simulations.receiveAchPayment({
        type: "achPayment",
        attributes: { amount: funded, direction: "Credit", description: "Salary" },
        relationships: { account: to("depositAccount", id) },
      });
    }
    return id;
  };
  const card = async (id, type = "individualVirtualDebitCard", attributes = {}) =>
    (await org.cards.create({ type, attributes, relationships: { account: to("depositAccount", id) } })).data;
  return { account, apply, card, customer, open, org };
}

const refusal = (status, code) => (error) => {
  assert.equal(error.isUnitError, true, String(error));
  assert.deepEqual([error.errors[0].status, error.errors[0].code], [status, code]);
  return true;
};
const ids = ({ data }) => data.map((each) => each.id);

test("an application is created, read, updated and canceled", async () => {
  const { apply, org } = tenant();
  const { data: waiting } = await apply({ ssn: "000000004" });

  const change = { type: "individualApplication", attributes: { tags: { tier: "silver" } } };
  const changed = await org.applications.update({ applicationId: waiting.id, data: change });
  const found = await org.applications.list({ email: "ada@example.com", tags: { tier: "silver" }, status: ["PendingReview"] });
  const canceled = await org.applications.cancel({
    applicationId: waiting.id,
    data: { type: "applicationCancel", attributes: { reason: "By request" } },
  });

  assert.deepEqual(changed.data.attributes.tags, { tier: "silver" });
  assert.deepEqual(ids(found), [waiting.id]);
  assert.equal(canceled.data.attributes.status, "Canceled");
  await assert.rejects(apply({ ssn: "12" }), refusal("400", "invalid_value"));
  await assert.rejects(org.applications.get("1"), refusal("404", "not_found"));
});

test("the sandbox decides on applications and their documents", async () => {
  const { apply, org } = tenant();
  const approve = { type: "applicationApprove", attributes: { reason: "sandbox" } };
  const deny = { type: "applicationDeny", attributes: { reason: "sandbox" } };
  const reject = { type: "documentReject", attributes: { reason: "Blurred", reasonCode: "PoorQuality" } };
  const [approved, denied, papers] = await Promise.all(["000000004", "000000004", "000000003"].map((ssn) => apply({ ssn })));
  const { id } = papers.data;
  const documentId = papers.included[0].id;

  assert.equal((await org.simulations.approveApplication(approved.data.id, approve)).data.attributes.status, "Approved");
  assert.equal((await org.simulations.denyApplication(denied.data.id, deny)).data.attributes.status, "Denied");
  assert.equal((await org.simulations.rejectDocument(id, documentId, reject)).data.attributes.status, "Invalid");
  const upload = { applicationId: id, documentId, file: png, fileType: "png" };
  const sides = [];
  for (const isBackSide of [true, false]) {
    sides.push((await org.applications.upload({ ...upload, isBackSide })).data.attributes.status);
  }
  assert.deepEqual(sides, ["ReceivedBack", "PendingReview"]);
  assert.deepEqual(ids(await org.applications.listDocuments(id)), [documentId]);
  assert.equal((await org.simulations.approveDocument(id, documentId)).data.attributes.status, "Approved");
  await assert.rejects(org.simulations.approveApplication(id, approve), refusal("400", "invalid_value"));
});

test("a version 2 form has a link", async () => {
  const { org } = tenant({ axios: axios.create({ headers: { "X-Accept-Version": "V2024_06" } }) });
  const form = { type: "applicationForm", attributes: { idempotencyKey: randomUUID(), tags: { tier: "gold" } } };

  const made = await org.applicationForms.create(form);

  assert.ok(made.data.links.related.href.startsWith(`${origin}/application-form/`));
  assert.equal((await org.applicationForms.create(form)).data.id, made.data.id);
  assert.deepEqual(ids(await org.applicationForms.list({ tags: { tier: "gold" } })), [made.data.id]);
  assert.equal((await org.applicationForms.get(made.data.id)).data.id, made.data.id);
  await assert.rejects(org.applicationForms.create({ ...form, attributes: {} }), refusal("400", "invalid_value"));
});

test("a version 1 form has its link in an attribute", async () => {
  const made = await tenant().org.applicationForms.create({ type: "applicationForm", attributes: {} });

  assert.ok(made.data.attributes.url.startsWith(`${origin}/application-form/`));
});

test("a counterparty is created, changed, paid by ACH and deleted", async () => {
  const { account, org } = tenant();
  const accountId = await account(10_000);
  const customerId = (await org.accounts.get(accountId)).data.relationships.customer.data.id;
  const bob = { name: "Bob", type: "Person", routingNumber: "812345678", accountNumber: "1", accountType: "Checking" };
  const relationships = { customer: to("customer", customerId) };
  const { id } = (await org.counterparties.create({ type: "achCounterparty", attributes: bob, relationships })).data;
  const pay = async () =>
    org.payments.create({
      type: "achPayment",
      attributes: { amount: 500, direction: "Credit", description: "Rent" },
      relationships: { account: to("depositAccount", accountId), counterparty: to("counterparty", id) },
    });
  const [sent, canceled] = [(await pay()).data, (await pay()).data];

  // This version of the client has no methods for them.
  for (const step of ["transmit", "clear"]) {
    const data = { type: `${step}AchPayment`, relationships: { payment: to("achPayment", sent.id) } };
    await axios.post(`${origin}/sandbox/ach/${step}`, { data }, { headers: org.cards.headers });
  }

  assert.equal((await org.payments.get(sent.id)).data.attributes.status, "Sent");
  assert.equal((await org.payments.cancel(canceled.id)).data.attributes.status, "Canceled");
  assert.equal((await org.accounts.get(accountId)).data.attributes.balance, 9_500);
  assert.deepEqual(ids(await org.counterparties.list({ customerId, routingNumber: bob.routingNumber })).includes(id), true);
  await org.counterparties.delete(id);
  await assert.rejects(org.counterparties.get(id), refusal("404", "not_found"));
});

test("a received payment is advanced", async () => {
  const { account, org } = tenant();
  const accountId = await account();
  const announced = await org.simulations.createAchReceivedPayment({
    type: "achReceivedPayment",
    attributes: { amount: 500, completionDate: "2026-06-02", description: "Wages", companyName: "Acme" },
    relationships: { account: to("depositAccount", accountId) },
  });

  const advanced = await org.receivedPayments.advance(announced.data.id);

  assert.equal(advanced.data.attributes.status, "Advanced");
  assert.equal((await org.accounts.get(accountId)).data.attributes.balance, 500);
});

test("an org token with one scope is created and revoked", async () => {
  const { org } = tenant();
  const attributes = { description: "Reports", scope: "accounts", expiration: "2999-01-01T00:00:00.000Z" };

  const made = (await org.orgTokens.create("1", { type: "apiToken", attributes })).data;

  assert.deepEqual(ids(await new Unit(made.attributes.token, origin).accounts.list()), []);
  assert.deepEqual(ids(await org.orgTokens.list("1")), [made.id]);
  await org.orgTokens.revoke("1", made.id);
  assert.deepEqual(ids(await org.orgTokens.list("1")), []);
});

test("a customer is read, updated and archived", async () => {
  const { customer, org } = tenant();
  const customerId = await customer();
  const patch = { type: "individualCustomer", attributes: { jwtSubject: "user-test-2", tags: { tier: null } } };

  const changed = await org.customers.update({ customerId, data: patch });
  const found = await org.customers.list({ query: "Vance", email: "ada@example.com", status: ["Active"], limit: 1 });
  const archived = await org.customers.archiveCustomer({
    customerId,
    data: { type: "archiveCustomer", attributes: { reason: "Inactive" } },
  });

  assert.deepEqual([changed.data.attributes.jwtSubject, changed.data.attributes.tags], ["user-test-2", {}]);
  assert.deepEqual([ids(found), found.meta.pagination.total], [[customerId], 1]);
  assert.equal((await org.customers.get(customerId)).data.attributes.status, archived.data.attributes.status);
  await assert.rejects(org.customers.update({ customerId, data: patch }), refusal("400", "invalid_value"));
});

test("an account is opened, read, updated, frozen, closed and reopened", async () => {
  const { account, open, org } = tenant();
  const accountId = await account(100_000);
  const { data: shown, included } = await org.accounts.get(accountId, "customer");
  const customerId = included[0].id;

  const tagged = await org.accounts.update({ accountId, data: { type: "depositAccount", attributes: { tags: { a: "b" } } } });
  const listed = await org.accounts.list({ customerId, tags: { a: "b" }, include: "customer" });
  const limits = await org.accounts.limits(accountId);
  const products = await org.accounts.getAvailableDepositProducts(accountId);
  const frozen = await org.accounts.freezeAccount({ accountId, data: { type: "accountFreeze", attributes: { reason: "Fraud" } } });
  const thawed = await org.accounts.unfreezeAccount(accountId);
  const close = { accountId, data: { type: "depositAccountClose", attributes: { reason: "ByCustomer" } } };
  const closed = await org.accounts.closeAccount(close);

  assert.equal(shown.attributes.available, 100_000);
  assert.deepEqual(tagged.data.attributes.tags, { a: "b", for: "spending" });
  assert.deepEqual([ids(listed), listed.included.length], [[accountId], 1]);
  assert.equal(limits.data.attributes.ach.totalsDaily.credits, 100_000);
  assert.equal(products.data[0].attributes.name, "checking");
  assert.deepEqual([frozen, thawed, closed].map((each) => each.data.attributes.status), ["Frozen", "Open", "Closed"]);
  await assert.rejects(org.accounts.closeAccount(close), refusal("400", "not_supported_for_account_status"));
  assert.equal((await org.accounts.reopenAccount(accountId)).data.attributes.status, "Open");
  await assert.rejects(open("1"), refusal("400", "customer_not_found"));
});

test("a virtual card changes its status", async () => {
  const { account, card, org } = tenant();
  const accountId = await account();
  const { id } = await card(accountId, "individualVirtualDebitCard", { idempotencyKey: "one" });
  const [lost, stolen] = [await card(accountId), await card(accountId)];

  assert.equal((await card(accountId, "individualVirtualDebitCard", { idempotencyKey: "one" })).id, id);
  assert.equal((await org.cards.freeze(id)).data.attributes.status, "Frozen");
  assert.equal((await org.cards.unfreeze(id)).data.attributes.status, "Active");
  assert.equal((await org.cards.reportLost(lost.id)).data.attributes.status, "Lost");
  assert.equal((await org.cards.reportStolen(stolen.id)).data.attributes.status, "Stolen");
  assert.equal((await org.cards.closeCard(id)).data.attributes.status, "ClosedByCustomer");
  await assert.rejects(org.cards.unfreeze(id), refusal("400", "not_supported_for_card_status"));
  const gone = await org.cards.list({ accountId, status: ["Lost", "Stolen"], include: "account,customer" });
  assert.deepEqual([ids(gone), gone.included.length], [[stolen.id, lost.id], 2]);
});

test("a physical card is activated, limited and replaced", async () => {
  const { account, card, org } = tenant();
  const accountId = await account();
  const { id } = await card(accountId, "individualDebitCard", { shippingAddress: address });

  await assert.rejects(org.cards.getPinStatus(id), refusal("400", "not_supported_for_card_status"));
  // The client has no method for it.
  await axios.post(`${origin}/sandbox/cards/${id}/activate`, undefined, { headers: org.cards.headers });
  const limits = { dailyPurchase: 50_000 };
  await org.cards.update({ id, type: "individualDebitCard", attributes: { limits, tags: { for: "Ada" } } });

  assert.equal((await org.cards.getPinStatus(id)).data.attributes.status, "NotSet");
  assert.deepEqual((await org.cards.limits(id)).data.attributes.limits, limits);
  assert.equal((await org.cards.replace({ id, shippingAddress: address })).data.id, id);
  assert.equal((await org.cards.replace({ id })).data.id, id);
  assert.deepEqual((await org.cards.get(id, "account")).included.map((each) => each.id), [accountId]);
  assert.deepEqual(ids(await org.cards.list({ tags: { for: "Ada" } })), [id]);
  const { id: virtual } = await card(accountId);
  await assert.rejects(org.cards.replace({ id: virtual }), refusal("400", "not_supported_for_card_type"));
});

test("money is held, spent and listed", async () => {
  const { account, card, org } = tenant();
  const accountId = await account(100_000);
  const { attributes, id: cardId } = await card(accountId);
  const relationships = { account: to("depositAccount", accountId) };
  const charge = { merchantName: "Corner Cafe", merchantType: 5812, merchantLocation: "Oakland, CA" };
  const hold = { amount: 500, cardLast4Digits: attributes.last4Digits, ...charge };
  const spend = { amount: 2_500, direction: "Debit", last4Digits: attributes.last4Digits, ...charge };

  const held = (await org.simulations.createCardAuthorization({ type: "authorization", attributes: hold, relationships })).data;
  const more = { amount: 200, cardLast4Digits: attributes.last4Digits, recurring: false };
  await org.simulations.increaseCardAuthorization({ type: "authorization", attributes: more, relationships }, held.id);
  const grown = await org.authorizations.get(held.id, true);
  await org.simulations.cancelCardAuthorization({ relationships }, held.id);
  const bought = await org.simulations.createCardPurchase({ type: "purchaseTransaction", attributes: spend, relationships });
  const listed = await org.transactions.list({ accountId, cardId, direction: ["Debit"], type: ["purchaseTransaction"], include: "account" });
  const tags = { type: "transaction", attributes: { tags: { trip: "Oakland" } } };
  const changed = await org.transactions.update({ accountId, transactionId: bought.data.id, data: tags });

  assert.equal(grown.data.attributes.amount, 700);
  assert.deepEqual([ids(listed), listed.included[0].id], [[bought.data.id], accountId]);
  assert.equal(changed.data.attributes.tags.trip, "Oakland");
  assert.equal((await org.transactions.get(accountId, bought.data.id)).data.attributes.balance, 97_500);
  const canceled = await org.authorizations.list({ accountId, status: ["Canceled"], includeNonAuthorized: true });
  assert.deepEqual(ids(canceled), [held.id]);
  const dear = { type: "purchaseTransaction", attributes: { ...spend, amount: 10 ** 9 }, relationships };
  await assert.rejects(org.simulations.createCardPurchase(dear), refusal("400", "limits_exceeded"));
});

test("payments are created, received and completed", async () => {
  const { account, org } = tenant();
  const [payer, payee] = [await account(10_000), await account()];
  const rent = (amount) => ({
    type: "bookPayment",
    attributes: { amount, description: "Rent", direction: "Credit" },
    relationships: { account: to("depositAccount", payer), counterpartyAccount: to("depositAccount", payee) },
  });

  const paid = (await org.payments.create(rent(4_000))).data;
  const rejected = (await org.payments.create(rent(40_000))).data;
  const announced = (
    await org.simulations.createAchReceivedPayment({
      type: "achReceivedPayment",
      attributes: { amount: 500, completionDate: "2026-06-02", description: "Wages", companyName: "Acme" },
      relationships: { account: to("depositAccount", payee) },
    })
  ).data;
  await org.simulations.completeAchReceivedPayment(announced.id);
  const tags = { tags: { month: "June" } };
  await org.payments.update(paid.id, { type: "bookPayment", attributes: tags });
  await org.receivedPayments.update(announced.id, { type: "achReceivedPayment", attributes: tags });

  assert.equal(rejected.attributes.status, "Rejected");
  assert.deepEqual(ids(await org.payments.list({ accountId: payer, tags: tags.tags, include: "account" })), [paid.id]);
  assert.equal((await org.payments.get(paid.id, "customer")).data.attributes.status, "Sent");
  assert.deepEqual(ids(await org.receivedPayments.list({ accountId: payee })), []);
  assert.deepEqual(ids(await org.receivedPayments.list({ accountId: payee, includeCompleted: true })), [announced.id]);
  assert.equal((await org.receivedPayments.get(announced.id)).data.attributes.tags.month, "June");
  assert.equal((await org.accounts.get(payee)).data.attributes.balance, 4_500);
  await assert.rejects(org.payments.create(rent(0)), refusal("400", "invalid_value"));
});

test("a code creates a customer token limited to its scope", async () => {
  const { account, card, org } = tenant();
  const made = await card(await account());
  const customerId = made.relationships.customer.data.id;
  const ask = (attributes) => org.customerToken.createToken(customerId, { type: "customerToken", attributes });
  const sent = await org.customerToken.createTokenVerification(customerId, {
    type: "customerTokenVerification",
    attributes: { channel: "sms" },
  });
  const { verificationToken } = sent.data.attributes;

  const { data } = await ask({ scope: "cards cards-write", verificationToken, verificationCode: "000001", expiresIn: 900 });
  const holder = new Unit(data.attributes.token, origin);

  assert.equal(data.attributes.expiresIn, 900);
  assert.equal((await holder.cards.freeze(made.id)).data.attributes.status, "Frozen");
  await assert.rejects(holder.accounts.list(), refusal("403", "forbidden"));
  await assert.rejects(ask({ scope: "cards-write" }), refusal("403", "forbidden"));
  await assert.rejects(ask({ scope: "cards-write", verificationCode: "999999" }), refusal("400", "invalid_value"));
  await assert.rejects(ask({ scope: "cards-write", jwtToken: "no.jwt.atall" }), refusal("400", "invalid_value"));
  await assert.rejects(new Unit("v2.public.nobody", origin).cards.list(), refusal("401", "unauthorized"));
});

test("a webhook receives events that the client can verify", async (context) => {
  const { customer, org } = tenant();
  const secret = "webhook-secret";
  const server = createServer().listen(0, "127.0.0.1");
  context.after(() => server.close() && server.closeAllConnections());
  await once(server, "listening");
  const attributes = { label: "Events", token: secret, contentType: "Json", deliveryMode: "AtLeastOnce" };
  const url = `http://127.0.0.1:${server.address().port}/hooks`;
  const { data: webhook } = await org.webhooks.create({ type: "webhook", attributes: { ...attributes, url } });
  const delivery = once(server, "request");

  const customerId = await customer();
  const [request, response] = await delivery;
  const body = Buffer.concat(await request.toArray()).toString();
  response.end();

  const signature = request.headers["x-unit-signature"];
  assert.equal(signature, createHmac("sha1", secret).update(body).digest("base64"));
  assert.equal(org.webhooks.verify(signature, secret, JSON.parse(body)), true);
  const { data: events } = await org.events.list({ type: ["customer.created"] });
  assert.equal(events[0].relationships.customer.data.id, customerId);
  assert.equal((await org.events.get(events[0].id)).data.type, "customer.created");
  await org.events.fire(events[0].id);
  assert.equal((await org.webhooks.disable(webhook.id)).data.attributes.status, "Disabled");
  assert.equal((await org.webhooks.enable(webhook.id)).data.attributes.status, "Enabled");
  const renamed = await org.webhooks.update(webhook.id, { type: "webhook", attributes: { label: "Theirs" } });
  assert.equal((await org.webhooks.get(webhook.id)).data.attributes.label, renamed.data.attributes.label);
  assert.deepEqual(ids(await org.webhooks.list({ limit: 10 })), [webhook.id]);
  const elsewhere = { type: "webhook", attributes: { ...attributes, url: "http://example.com/hooks" } };
  await assert.rejects(org.webhooks.create(elsewhere), refusal("400", "invalid_value"));
});
