import assert from "node:assert/strict";
import { test } from "node:test";
import type { Refusal } from "@gridward/core/domain/refusal";
import { err } from "@gridward/core/base/result";
import { freshRequestId } from "@gridward/runtime/os/random";
import { aSystem } from "../a-system.ts";
import type { FrontEndParts } from "../parts.ts";
import { enrolDevice } from "./a-revocation.ts";
import { SeenRenewals } from "./seen-renewals.ts";

/** Q01, which has renewed from "a" to "b", and a server that may have no Main. */
class TestServer {
  readonly system = aSystem(Date.UTC(2027, 0, 1));
  readonly stop = new AbortController();
  readonly requests: string[] = [];
  readonly renewals: SeenRenewals;
  readonly #issued = enrolDevice(this.system);
  refusal: Refusal | null = null;
  #wake = (): void => {};

  constructor() {
    const { front, self: identity } = this.system;
    const submit: FrontEndParts["submit"] = async (order) => {
      this.requests.push(order.requestId);
      await Promise.resolve();
      return this.refusal === null ? front.submit(order) : err(this.refusal);
    };
    this.renewals = new SeenRenewals({
      front: { state: front.state, submit },
      identity,
      clock: { sleep: async () => new Promise((wake) => void (this.#wake = () => wake())) },
      stop: this.stop.signal,
    });
    this.renew("b");
  }

  get device() {
    return this.#issued.device;
  }

  get first(): string {
    return this.#issued.row.fingerprint;
  }

  /** To a certificate with this serial number and fingerprint, with the first of all. */
  renew(next: string, of = this.#issued.row.serial): void {
    const { device: id, row } = this.#issued;
    const certificate = { ...row, serial: next, fingerprint: next };
    const actor = { kind: "device", id, name: "Q01", door: "https", source: "" } as const;
    const command = { kind: "renew-device", id, of, certificate } as const;
    void this.system.front.submit({ command, actor, requestId: freshRequestId() });
    assert.equal(this.row?.certificate?.serial, next);
  }

  get row() {
    return this.system.front.state().tables.devices.get(this.device);
  }

  get confirmed(): number {
    return this.system.asked().filter((kind) => kind === "confirm-renewal").length;
  }

  see(fingerprint: string): void {
    this.renewals.see(this.device, fingerprint);
  }

  isReplaced(fingerprint: string): boolean {
    return this.renewals.isReplaced(this.device, fingerprint);
  }

  /** All that is under way comes to its end, or to where it waits. */
  async settled(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  async laterOn(): Promise<void> {
    this.#wake();
    await this.settled();
  }
}

test("[CA16][PK8] a device that was seen with what it renewed to is confirmed once, however often it comes", async () => {
  const server = new TestServer();
  for (const fingerprint of ["b", "b", server.first, "b"]) server.see(fingerprint);
  await server.settled();
  server.see("b");
  await server.settled();
  assert.equal(server.requests.length, 1);
  assert.equal(server.row?.earlier, null);
  server.renew("c", "b");
  server.see("c");
  await server.settled();
  assert.equal(server.confirmed, 2);
});

test("[CA16] a device that goes on with the old one, or has not renewed, is not confirmed", async () => {
  const server = new TestServer();
  server.see(server.first);
  server.see("another");
  await server.settled();
  assert.deepEqual(server.requests, []);
  assert.notEqual(server.row?.earlier, null);
  assert.equal(server.isReplaced(server.first), false);
});

test("[CA16] without a Main the old one counts no more here, and is confirmed when there is one", async () => {
  const server = new TestServer();
  server.refusal = { code: "pair.not-main", detail: "" };
  server.see("b");
  assert.deepEqual([server.isReplaced(server.first), server.isReplaced("b")], [true, false]);
  await server.settled();
  await server.laterOn();
  assert.equal(server.confirmed, 0);
  server.refusal = null;
  await server.laterOn();
  assert.equal(server.row?.earlier, null);
  assert.equal(new Set(server.requests).size, 1, "a retry is the same request");
  await server.laterOn();
  assert.equal(server.requests.length, 3);
});

test("[CA16] what was confirmed elsewhere, or renewed again, while it waited is not confirmed here", async () => {
  for (const next of [null, "c"]) {
    const server = new TestServer();
    server.refusal = { code: "pair.not-main", detail: "" };
    server.see("b");
    await server.settled();
    if (next === null) {
      const { self, front } = server.system;
      const actor = { kind: "server", id: self.node, name: "A", door: "pair", source: "" } as const;
      const command = { kind: "confirm-renewal", id: server.device, serial: "b" } as const;
      void front.submit({ command, actor, requestId: freshRequestId() });
    } else server.renew(next);
    server.refusal = null;
    await server.laterOn();
    assert.equal(server.requests.length, 1);
    assert.equal(server.isReplaced(server.first), false);
  }
});

test("[CA16] a refusal for good is not tried again, and the end of the server ends its tries", async () => {
  const server = new TestServer();
  server.refusal = { code: "access.denied", detail: "" };
  server.see("b");
  await server.settled();
  await server.laterOn();
  assert.equal(server.requests.length, 1);
  server.refusal = { code: "pair.not-main", detail: "" };
  server.see("b");
  await server.settled();
  server.stop.abort();
  await server.laterOn();
  assert.equal(server.requests.length, 2);
});
