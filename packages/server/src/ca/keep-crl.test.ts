import assert from "node:assert/strict";
import { test } from "node:test";
import { requestId } from "@gridward/core/base/identity";
import { day, hour, minute } from "@gridward/core/base/time";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { Duty } from "@gridward/core/domain/server-status";
import { notBeforeOf, readCertificate, serialOf } from "@gridward/runtime/trust/x509/read";
import { readCrl } from "@gridward/runtime/trust/x509/read-crl";
import { aSystem, type TestSystem } from "../a-system.ts";
import { isEnrolled } from "../link-port.ts";
import type { MountedAnswer } from "../mounted-route.ts";
import { enrolDevice, revoke } from "./a-revocation.ts";
import { crlPathOf, ocspPath, revocationUrls } from "./crl-place.ts";
import { crlRoute } from "./crl-route.ts";
import { CrlKeeper } from "./keep-crl.ts";

const start = Date.UTC(2027, 0, 1);

/** The keeper of a server's list, and what hinders it. */
class TestKeeper {
  readonly system: TestSystem = aSystem(start);
  readonly notes: string[] = [];
  duty: Duty = "main";
  refusal: Refusal | undefined;
  asked = 0;
  readonly #keeper: CrlKeeper;

  constructor() {
    const { front, self, systemKey } = this.system;
    const { now, state } = front;
    const about = { state: "lone", canSignIn: true, fresh: true, ageMs: 0 } as const;
    this.#keeper = new CrlKeeper({
      front: {
        state,
        condition: () => ({ ...about, node: self.node, duty: this.duty, at: now() }),
        submit: async (order) => {
          this.asked += 1;
          if (this.refusal !== undefined) return refuse(this.refusal.code, this.refusal.detail);
          return front.submit(order);
        },
      },
      identity: { ...self, systemKey },
      clock: { now, monotonic: now, sleep: async () => Promise.resolve() },
      note: (text) => void this.notes.push(text),
    });
  }

  /** Looks twice, as the main loop would while an order is under way, and lets it come to its end. */
  async tick(): Promise<void> {
    this.#keeper.tick();
    this.#keeper.tick();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    setImmediate(() => resolve(undefined));
    await promise;
  }

  list() {
    const row = this.system.front.state().tables.crls.get("issuing");
    assert.ok(row);
    const read = readCrl(Buffer.from(row.encoded, "base64"));
    assert.ok(read.ok);
    return { row, ...read.value };
  }

  async fetch(): Promise<MountedAnswer> {
    const route = crlRoute(this.system.front);
    assert.deepEqual([route.method, route.path], ["GET", "/crl/*"]);
    const body = new Uint8Array();
    const about = { headers: {}, body, certificate: null, source: "" };
    return route.answer({ ...about, rest: "issuing.crl", requestId: requestId("x") });
  }
}

test("[CA5][PK5] the Main makes a list at once, after each revocation and daily, and no other server", async () => {
  const keeper = new TestKeeper();
  const { system } = keeper;
  keeper.duty = "standby";
  await keeper.tick();
  assert.equal(keeper.asked, 0);
  keeper.duty = "main";
  await keeper.tick();
  assert.equal(keeper.asked, 1);
  assert.ok(keeper.list().isSignedBy(system.authority));
  assert.equal(keeper.list().revoked.size, 0);
  const { row, certificate } = enrolDevice(system);
  await keeper.tick();
  assert.equal(keeper.asked, 1);
  revoke(system, row);
  await keeper.tick();
  assert.equal(keeper.asked, 2);
  const { revoked, nextUpdate } = keeper.list();
  const listing = { at: system.front.now(), reason: "keyCompromise" };
  assert.deepEqual([...revoked], [[serialOf(certificate), listing]]);
  assert.equal(nextUpdate, system.front.now() + 7 * day);
  const before = keeper.list().row.number;
  system.pass(day - 1);
  await keeper.tick();
  assert.equal(keeper.asked, 2);
  system.pass(1);
  await keeper.tick();
  assert.equal(keeper.asked, 3);
  assert.ok(keeper.list().row.number > before);
  assert.equal(keeper.list().revoked.size, 1);
});

test("[CA5][CA10] a clock that was ahead once leaves no list of the future, and no signer of one", async () => {
  const keeper = new TestKeeper();
  const { system } = keeper;
  system.pass(400 * day);
  await keeper.tick();
  const { number } = keeper.list().row;
  system.pass(-400 * day);
  await keeper.tick();
  assert.equal(keeper.asked, 2);
  const { row } = keeper.list();
  const signer = readCertificate(row.responder.certificate);
  assert.ok(signer);
  assert.ok(row.thisUpdate <= system.front.now() && notBeforeOf(signer) <= system.front.now());
  assert.equal(row.number, number + 1);
  await keeper.tick();
  assert.equal(keeper.asked, 2);
});

test("[CA5] a list that is refused is tried again after a while, and said", async () => {
  const keeper = new TestKeeper();
  keeper.refusal = { code: "pair.not-main", detail: "B" };
  await keeper.tick();
  await keeper.tick();
  assert.equal(keeper.asked, 1);
  assert.deepEqual(keeper.notes, ["no new revocation list: pair.not-main B"]);
  keeper.refusal = undefined;
  keeper.system.pass(5_000);
  await keeper.tick();
  assert.equal(keeper.asked, 2);
  assert.equal(keeper.list().revoked.size, 0);
});

test("[CA6][PK5] anyone fetches the list at one place, and no copy on the way is kept for long", async () => {
  const keeper = new TestKeeper();
  assert.equal((await keeper.fetch()).status, 503);
  await keeper.tick();
  const { status, headers, body } = await keeper.fetch();
  assert.equal(status, 200);
  assert.equal(headers["content-type"], "application/pkix-crl");
  assert.equal(headers["cache-control"], "public, max-age=600");
  assert.ok(Buffer.from(body).equals(Buffer.from(keeper.list().row.encoded, "base64")));
  keeper.system.pass(7 * day - minute);
  assert.equal((await keeper.fetch()).headers["cache-control"], "public, max-age=60");
  keeper.system.pass(hour);
  assert.equal((await keeper.fetch()).headers["cache-control"], "public, max-age=0");
});

test("[CA6] a device's certificate names the list on each server, a server's own does not", () => {
  const crlPath = crlPathOf("issuing");
  const keeper = new TestKeeper();
  const { system } = keeper;
  const { certificate } = enrolDevice(system);
  const { lists, responders } = revocationUrls(system.front.state());
  assert.deepEqual(lists, [`https://127.0.0.1:8443${crlPath}`]);
  assert.deepEqual(responders, [`https://127.0.0.1:8443${ocspPath}`]);
  for (const url of [...lists, ...responders]) assert.ok(certificate.raw.includes(url));
  assert.equal(readCertificate(system.authority.raw)?.raw.includes(crlPath), false);
});

test("[CA7][PK5] a device with a revoked certificate is not admitted, whatever else is so", () => {
  const { system } = new TestKeeper();
  const { device, row } = enrolDevice(system);
  const admitted = (): boolean =>
    isEnrolled(system.front.state(), device, row.fingerprint, system.front.now());
  assert.ok(admitted());
  assert.equal(isEnrolled(system.front.state(), device, "another", system.front.now()), false);
  revoke(system, row, "superseded");
  assert.equal(admitted(), false);
});
