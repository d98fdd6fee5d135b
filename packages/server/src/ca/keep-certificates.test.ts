import assert from "node:assert/strict";
import { test } from "node:test";
import { day, hour, minute } from "@gridward/core/base/time";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { Duty } from "@gridward/core/domain/server-status";
import type { IssuedFiles } from "@gridward/runtime/trust/server-directory";
import { createSigningKey, createTlsKey } from "@gridward/runtime/trust/x509/keys";
import {
  fingerprintOf,
  notAfterOf,
  notBeforeOf,
  serialOf,
} from "@gridward/runtime/trust/x509/read";
import { aSystem, type TestSystem } from "../a-system.ts";
import { issueOwn } from "./issue-own.ts";
import { CertificateKeeper } from "./keep-certificates.ts";

const start = Date.UTC(2027, 0, 1);
const life = 730 * day;

/** The keeper of a server's own certificates, and what hinders it. */
class TestKeeper {
  readonly system: TestSystem = aSystem(start);
  readonly keys = { tlsKey: createTlsKey(), signerKey: createSigningKey() };
  readonly notes: string[] = [];
  duty: Duty = "lone";
  refusal: Refusal | undefined;
  /** By how much this server's clock is ahead of the Main's. */
  ahead = 0;
  issued: IssuedFiles | null;
  readonly #keeper: CertificateKeeper;

  constructor() {
    const { front, self, systemKey } = this.system;
    this.issued = this.issueOffline();
    const now = (): number => front.now() + this.ahead;
    const about = { state: "lone", canSignIn: true, fresh: true, ageMs: 0 } as const;
    const certificates = { issued: (): IssuedFiles | null => this.issued };
    this.#keeper = new CertificateKeeper({
      front: {
        state: front.state,
        condition: () => ({ ...about, node: self.node, duty: this.duty, at: now() }),
        submit: async (order) =>
          this.refusal === undefined
            ? front.submit(order)
            : refuse(this.refusal.code, this.refusal.detail),
      },
      identity: {
        ...self,
        ...this.keys,
        systemKey,
        certificates: {
          get issued() {
            return certificates.issued();
          },
        },
        renew: (issued) => void (this.issued = issued),
      },
      clock: { now, monotonic: front.now, sleep: async () => Promise.resolve() },
      note: (text) => void this.notes.push(text),
    });
  }

  issueOffline(): IssuedFiles {
    const { front, self, systemKey } = this.system;
    const { authorities, servers } = front.state().tables;
    const [authority, server] = [authorities.get("issuing"), servers.get(self.node)];
    assert.ok(authority && server);
    const now = front.now() + this.ahead;
    const made = issueOwn({ authority, server, systemKey, keys: this.keys, now });
    assert.ok(made.ok);
    return made.value.issued;
  }

  /** Looks twice, as the main loop would while an order is under way. */
  async tick(): Promise<void> {
    this.#keeper.tick();
    this.#keeper.tick();
    await new Promise((resolve) => setImmediate(resolve));
  }

  shown(): string {
    assert.ok(this.issued);
    return fingerprintOf(this.issued.certificate);
  }

  knows(issued: IssuedFiles | null): boolean {
    const serial = issued === null ? "" : serialOf(issued.certificate);
    return this.system.front.state().tables.certificates.has(serial);
  }
}

test("[CA12][PK8] from two thirds of its life on a server has new certificates, journalled before they are shown", async () => {
  for (const duty of ["lone", "main", "standby"] as const) {
    const keeper = new TestKeeper();
    keeper.duty = duty;
    await keeper.tick();
    const [first, asked] = [keeper.issued, keeper.system.asked().length];
    keeper.system.pass((life * 2) / 3 - hour);
    await keeper.tick();
    assert.deepEqual([keeper.issued, keeper.system.asked().length], [first, asked]);
    keeper.system.pass(2 * hour);
    keeper.refusal = { code: "pair.waiting", detail: "" };
    await keeper.tick();
    assert.equal(keeper.issued, first);
    keeper.refusal = undefined;
    await keeper.tick();
    assert.equal(keeper.issued, first, "not before a minute is over");
    keeper.system.pass(minute);
    await keeper.tick();
    assert.notEqual(keeper.issued, first);
    assert.ok(keeper.knows(keeper.issued));
    const { issued } = keeper;
    assert.ok(issued !== null);
    assert.ok(issued.certificate.checkPrivateKey(keeper.keys.tlsKey));
    assert.ok(issued.signerCertificate.checkPrivateKey(keeper.keys.signerKey));
    assert.ok(notAfterOf(issued.certificate) > start + life + day);
    const last = keeper.system.asked().length;
    await keeper.tick();
    assert.equal(keeper.system.asked().length, last);
  }
});

test("[CA12] one without a duty renews nothing, one that is late does so still", async () => {
  const keeper = new TestKeeper();
  const first = keeper.shown();
  keeper.system.pass(life + 300 * day);
  for (const duty of ["fenced", "none"] as const) {
    keeper.duty = duty;
    await keeper.tick();
    assert.equal(keeper.shown(), first);
  }
  keeper.duty = "lone";
  await keeper.tick();
  assert.notEqual(keeper.shown(), first);
});

test("[CA12] a refusal is told, and tried again less and less often, up to an hour", async () => {
  const keeper = new TestKeeper();
  await keeper.tick();
  keeper.system.pass(life);
  keeper.refusal = { code: "pair.not-main", detail: "the Main is away" };
  for (let passed = 0; passed < day; passed += minute) {
    keeper.system.pass(minute);
    await keeper.tick();
  }
  assert.ok(keeper.notes.length >= 24 && keeper.notes.length <= 32, String(keeper.notes.length));
  assert.match(keeper.notes[0] ?? "", /pair\.not-main the Main is away/);
});

test("[CA12] what was issued offline is journalled as it is", async () => {
  const keeper = new TestKeeper();
  const offline = keeper.issued;
  assert.equal(keeper.knows(offline), false);
  await keeper.tick();
  assert.deepEqual([keeper.issued, keeper.knows(offline)], [offline, true]);
});

test("[CA12] a revoked server does not help itself out", async () => {
  const keeper = new TestKeeper();
  await keeper.tick();
  const first = keeper.issued;
  keeper.issued = keeper.issueOffline();
  await keeper.tick();
  const serial = serialOf(keeper.issued.certificate);
  keeper.system.order({ kind: "revoke-certificate", serial, reason: "keyCompromise" });
  keeper.system.pass(life);
  await keeper.tick();
  assert.ok(first !== null && keeper.issued !== null);
  assert.equal(serialOf(keeper.issued.certificate), serial);
});

test("[CA12][CT6] a clock that is ahead renews nothing by way of the Main, and what it made is made anew", async () => {
  const keeper = new TestKeeper();
  await keeper.tick();
  const first = keeper.issued;
  keeper.ahead = life;
  await keeper.tick();
  assert.equal(keeper.issued, first);
  assert.match(keeper.notes[0] ?? "", /certificate\.not-yet-valid/);
  // A lone server has only its own clock: it is believed, until it is set right.
  keeper.issued = keeper.issueOffline();
  keeper.ahead = 0;
  keeper.system.pass(2 * hour);
  await keeper.tick();
  assert.ok(keeper.issued !== null);
  assert.ok(notBeforeOf(keeper.issued.certificate) <= keeper.system.front.now());
});

test("[CA12] towards the end of the authority nothing is renewed that would not last longer", async () => {
  const keeper = new TestKeeper();
  await keeper.tick();
  const end = notAfterOf(keeper.system.authority);
  for (let left = 3 * life; left > 0; left -= 7 * day) {
    keeper.system.pass(end - left - keeper.system.front.now());
    await keeper.tick();
  }
  assert.ok(keeper.issued !== null);
  assert.equal(notAfterOf(keeper.issued.certificate), end);
  const renewals = keeper.system.asked().filter((kind) => kind === "renew-server").length;
  assert.ok(renewals < 12, String(renewals));
});
