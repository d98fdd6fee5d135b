import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import type { Bytes } from "@gridward/core/base/bytes";
import { deviceId, groupId, nodeId } from "@gridward/core/base/identity";
import { Secret } from "@gridward/core/base/secret";
import { second } from "@gridward/core/base/time";
import { encodeMessage } from "@gridward/core/codec/replica/replica-codec";
import { strictLink } from "@gridward/runtime/link/link-settings";
import type { LinkOutcome } from "@gridward/runtime/link/peer";
import { manualClock } from "@gridward/runtime/link/test-link";
import { createPasswordHasher } from "@gridward/runtime/os/argon2";
import { freshSystemKey } from "@gridward/runtime/os/seal";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { Device } from "./device.ts";
import { TrustAnchors } from "./trust-anchors.ts";

const place = mkdtempSync(join(tmpdir(), "gridward-lines-"));
after(() => rmSync(place, { recursive: true }));

const now = Date.UTC(2027, 0, 1);
const authority = testAuthority("Ours", now);
const { certificate, key } = authority.issue({ profile: "device" });
const unreachable: LinkOutcome = {
  outcome: "refused",
  cause: "T17",
  by: "us",
  direction: "dial",
  ours: "dialled",
  theirs: "nobody answers",
  fromPartner: false,
  address: "",
};

/** Q01 runs, with lines to two servers that take every connection and answer nothing. */
class TestDevice {
  /** What happened to connections, in order: "A1 open" is the first to the server A. */
  readonly told: string[] = [];
  readonly clock = manualClock(now);
  readonly device: Device;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  readonly #count = new Map<string, number>();
  readonly #open = new Map<string, (reason: string) => void>();
  isReachable = true;
  /** What answers to dials wait for. */
  slow: Promise<unknown> = new Promise(setImmediate);
  /** Of the first connection to A. */
  #hear: (frame: Bytes) => void = () => {};

  constructor(t: TestContext) {
    const ports = { https: 0, link: 0, ldaps: 0 };
    const servers = ["A", "B"].map((name) => {
      return { name, addresses: [name], ports, pairing_fingerprint: "0".repeat(64) };
    });
    const anchors = new TrustAnchors([authority.certificate], null);
    this.device = new Device({
      directory: mkdtempSync(join(place, "device-")),
      config: {
        version: 1,
        system: { id: "system", base: "dc=example,dc=org", site: "Hill" },
        device: { id: deviceId("Q01"), name: "Q01", group: { id: groupId("g"), name: "bay1" } },
        servers,
        https: 0,
        replica_interval: 15,
        display_timeout: 10,
        revocation: "soft",
      },
      anchors,
      askAnchors: () => {},
      storeKey: freshSystemKey(),
      hasher: createPasswordHasher(),
      clock: this.clock,
      random: () => 0.5,
      dial: async ({ name }) => this.#dial(name),
      trust: () => {
        const name = { kind: "device", device: deviceId("Q01") } as const;
        const shown = { name, certificate, key, issuers: [], lists: [], pairingKey: null };
        return { identity: { ...shown, anchors: anchors.pem }, settings: strictLink };
      },
      certificates: { own: () => certificate, held: () => [], renew: async () => null },
    });
    this.#ended = this.device.run(this.#stop.signal, () => undefined);
    t.after(async () => this.end());
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  /** What comes next, with as much time as between two looks of the device. */
  async tick(): Promise<void> {
    this.clock.advance(2 * second);
    await this.settle();
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** What the server A says to a sign-in over the first connection. */
  answer(call: number): void {
    const busy = { outcome: "unavailable", duty: "main", reason: "server.overloaded" } as const;
    this.#hear(encodeMessage({ kind: "sign-in-answer", call, ...busy }));
  }

  /** As a server does, it ends the connection of before, which may be heard of first. */
  async #dial(server: string): Promise<LinkOutcome> {
    if (!this.isReachable) return unreachable;
    const number = (this.#count.get(server) ?? 0) + 1;
    this.#count.set(server, number);
    const { promise: closed, resolve } = Promise.withResolvers<string>();
    this.told.push(`${server}${number} open`);
    const close = (reason: string): void => {
      if (!this.told.includes(`${server}${number} closed`)) {
        this.told.push(`${server}${number} closed`);
      }
      resolve(reason);
    };
    this.#open.get(server)?.("there is a newer one");
    this.#open.set(server, close);
    await this.slow;
    return {
      outcome: "verified",
      peer: {
        protocol: "gridward-replica/1",
        name: { kind: "server", node: nodeId(server) },
        direction: "dial",
        fingerprint: server,
        certificateNotAfter: now,
        address: server,
        send: async () => undefined,
        onFrame: (hear) => {
          if (server === "A" && number === 1) this.#hear = hear;
        },
        close,
        judgeAgain: () => null,
        closed,
      },
    };
  }
}

const begun = ["A1 open", "B1 open"];

test("[IN6][PK8] a device that renewed makes its lines anew, each before the old one is given up", async (t) => {
  const bay = new TestDevice(t);
  await bay.tick();
  assert.deepEqual(bay.told, begun);
  bay.device.showCertificate();
  await bay.tick();
  const made = ["A2 open", "A1 closed", "B2 open", "B1 closed"];
  assert.deepEqual(bay.told, [...begun, ...made]);
  await bay.tick();
  await bay.tick();
  assert.equal(bay.told.length, 6);
  await bay.end();
  assert.deepEqual(bay.told.slice(6), ["A2 closed", "B2 closed"]);
});

test("[IN6] a line over which somebody waits for an answer is made anew after that", async (t) => {
  const bay = new TestDevice(t);
  await bay.tick();
  const [first] = bay.device.lines;
  assert.ok(first);
  const attempt = { name: "anna", password: new Secret("secret"), accessPoint: "panel" };
  const answer = first.signIn(attempt);
  bay.device.showCertificate();
  await bay.tick();
  assert.deepEqual(bay.told, [...begun, "B2 open", "B1 closed"]);
  bay.answer(1);
  assert.notEqual(await answer, "lost");
  await bay.tick();
  assert.deepEqual(bay.told.slice(4), ["A2 open", "A1 closed"]);
});

test("[IN6] a device that stops while it makes a line anew stops", async (t) => {
  const bay = new TestDevice(t);
  await bay.tick();
  const { promise, resolve } = Promise.withResolvers<void>();
  bay.slow = promise;
  bay.device.showCertificate();
  await bay.tick();
  const ended = bay.end();
  await bay.settle();
  resolve();
  await ended;
  assert.deepEqual(bay.told.slice(2), ["A2 open", "A1 closed", "B1 closed", "A2 closed"]);
});

test("[IN6] where no server takes the new connection the old one stays", async (t) => {
  const bay = new TestDevice(t);
  await bay.tick();
  bay.isReachable = false;
  bay.device.showCertificate();
  await bay.tick();
  await bay.tick();
  assert.deepEqual(bay.told, begun);
});
