import type { X509Certificate } from "node:crypto";
import { TrustAnchors } from "@gridward/ied/trust-anchors";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { deviceId, groupId, nodeId, sealed, type DeviceId } from "@gridward/core/base/identity";
import { assert } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { hour } from "@gridward/core/base/time";
import type { Command } from "@gridward/core/domain/command";
import { origin } from "@gridward/core/domain/entry";
import {
  aCertificate,
  aNewPassword,
  aRole,
  aServer,
  createAccount,
  createSystem,
  noon,
  owner,
  serverA,
  World,
} from "@gridward/core/domain/fixtures";
import { crlLife } from "@gridward/core/domain/revocation";
import type { TlsCauseCode } from "@gridward/core/domain/tls-cause";
import { countersResetBy } from "@gridward/core/domain/lock-out";
import { roleIds } from "@gridward/core/domain/roles";
import type { SignInResult } from "@gridward/ied/authority/authority";
import type { DeviceConfig } from "@gridward/ied/config";
import { Device, type DeviceRevocation } from "@gridward/ied/device";
import { strictLink } from "@gridward/runtime/link/link-settings";
import type { PeerTrust } from "@gridward/runtime/link/peer";
import { createPasswordHasher, type PasswordHasher } from "@gridward/runtime/os/argon2";
import { randomBytes } from "@gridward/runtime/os/random";
import { freshSystemKey, seal, type SystemKey } from "@gridward/runtime/os/seal";
import { judgePeer } from "@gridward/runtime/trust/judge";
import { buildCrl } from "@gridward/runtime/trust/x509/crl";
import { serialOf } from "@gridward/runtime/trust/x509/read";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { sealPassword } from "@gridward/server/sealed-password";
import { ManualClock } from "./manual-clock.ts";
import { replicaKeyPurpose, TestServer, unreachable } from "./test-server.ts";

export const group = groupId("bay1");
export const deviceX = deviceId("01ARZ3NDEKTSV4RRFFQ69G5FDX");
export const deviceY = deviceId("01ARZ3NDEKTSV4RRFFQ69G5FDY");
const nodeA = nodeId("01ARZ3NDEKTSV4RRFFQ69G5FAA");
const nodeB = nodeId("01ARZ3NDEKTSV4RRFFQ69G5FAB");

/** Turns of the event loop after which a state that has not come will not come. */
const turnsMax = 2_000;

/** One system with Main A, Standby B and the devices X and Y, on one clock, without network. */
export class DeviceWorld {
  readonly clock = new ManualClock(noon);
  readonly authority = testAuthority("Ours", noon - hour);
  readonly directory = new World();
  readonly a: TestServer;
  readonly b: TestServer;
  readonly #key: SystemKey = freshSystemKey();
  readonly #shown = {
    a: this.#certify(nodeA),
    b: this.#certify(nodeB),
    device: this.authority.issue({ profile: "device" }),
  };
  readonly #hasher: PasswordHasher;
  readonly #root = mkdtempSync(join(tmpdir(), "gridward-devices-"));
  readonly #running = new Map<Device, { stop: AbortController; ended: Promise<void> }>();
  readonly #storeKeys = new Map<DeviceId, SystemKey>();

  private constructor(hasher: PasswordHasher) {
    this.#hasher = hasher;
    this.a = this.#server(nodeA, "main");
    this.b = this.#server(nodeB, "standby");
  }

  /** anna is an OPERATOR in the group, otto one in no group; both passwords are "<name>'s Pass1". */
  static async open(): Promise<DeviceWorld> {
    const world = new DeviceWorld(createPasswordHasher({ running: 2, waiting: 64 }));
    const replicaKey = seal(world.#key, replicaKeyPurpose, randomBytes(32));
    const server = aServer(nodeA);
    world.directory.must({ ...createSystem(), replicaKey, server }, { actor: owner });
    const own = aNewPassword("admin's");
    const admin = world.directory.state.accountsByName.get("admin");
    assert(admin !== undefined, "a system has its administrator");
    world.submit({ kind: "change-password", id: admin, password: own });
    world.submit({ kind: "create-group", id: group, name: "bay1", description: "" });
    await world.addAccount("anna", { groups: [group] });
    await world.addAccount("otto");
    const devices = [deviceX, deviceY].map((id) => ({
      id,
      name: id.slice(-3),
      manufacturer: "",
      type: "",
      accessPoints: [],
      area: "Hill",
    }));
    world.submit({ kind: "register-devices", devices, group });
    for (const { id } of devices) world.#enrol(id);
    return world;
  }

  async close(): Promise<void> {
    for (const device of this.#running.keys()) await this.stop(device);
    this.a.kill();
    this.b.kill();
    rmSync(this.#root, { recursive: true, force: true });
  }

  submit(command: Command, by: Parameters<World["must"]>[1] = {}): void {
    const facts = this.directory.must(command, { at: this.clock.now(), ...by });
    for (const server of [this.a, this.b]) {
      server.forgetFailures(countersResetBy(facts));
      server.changed();
    }
  }

  async addAccount(name: string, changes: Parameters<typeof createAccount>[1] = {}): Promise<void> {
    this.submit(
      createAccount(name, {
        roles: [aRole(roleIds.OPERATOR)],
        password: { ...aNewPassword(), verifier: await this.#verifier(passwordOf(name)) },
        ...changes,
      }),
    );
  }

  /** A new term with another owner, as a changeover or a promotion makes it. */
  startTerm(term: number, server: TestServer): void {
    const { state } = this.directory;
    const pair = state.tables.pair.map((row) => ({ ...row, term, owner: server.parts.node }));
    this.directory.state = { ...state, tables: { ...state.tables, pair } };
    this.a.changed();
    this.b.changed();
  }

  /** Revokes these, or what these servers show, and has a list of it journalled. */
  publishList(number: number, ...revoked: readonly (TestServer | X509Certificate)[]): void {
    const at = this.clock.now();
    const listed = revoked.map((one) => {
      const certificate = one instanceof TestServer ? this.#shownBy(one) : one;
      return { serial: serialOf(certificate), at, reason: "keyCompromise" } as const;
    });
    const nextUpdate = at + crlLife;
    const list = buildCrl({ number, thisUpdate: at, nextUpdate, listed }, this.authority);
    const encoded = Buffer.from(list).toString("base64");
    const responder = { certificate: "", key: sealed("") };
    const about = { authority: "issuing", number, thisUpdate: at, nextUpdate };
    const row = { ...about, revoked: revoked.length, encoded, responder };
    const { state } = this.directory;
    const crls = state.tables.crls.set("issuing", row);
    const authorities = state.tables.authorities.set("issuing", {
      id: "issuing",
      standing: "issuing",
      certificate: this.authority.certificate.toString(),
      cross: null,
      key: sealed(""),
      createdAt: noon,
    });
    this.directory.state = { ...state, tables: { ...state.tables, crls, authorities } };
    this.a.changed();
    this.b.changed();
  }

  directoryOf(device: DeviceId): string {
    return join(this.#root, device);
  }

  /** Starts a device on its directory, as `ied run` does; the same again after `stop`. */
  start(
    id: DeviceId,
    changes: {
      readonly directory?: string;
      readonly key?: SystemKey;
      readonly dial?: TestServer["dial"];
      readonly revocation?: DeviceConfig["revocation"];
    } = {},
  ): Device {
    const config: DeviceConfig = {
      version: 1,
      system: { id: "system", base: "dc=example,dc=org", site: "Hill" },
      device: { id, name: id.slice(-3), group: { id: group, name: "bay1" } },
      servers: [this.#configured("A"), this.#configured("B")],
      https: 0,
      replica_interval: 15,
      display_timeout: 10,
      revocation: changes.revocation ?? "soft",
    };
    const device = new Device({
      directory: changes.directory ?? this.#prepare(id),
      config,
      anchors: new TrustAnchors([this.authority.certificate], null),
      askAnchors: () => {},
      storeKey: changes.key ?? this.storeKey(id),
      hasher: this.#hasher,
      clock: this.clock,
      random: () => 0.5,
      dial: async ({ name }, _, revocation) => {
        const server = name === "A" ? this.a : this.b;
        const refused = this.#judge(server, this.#trust(revocation));
        if (refused !== null) return { ...unreachable, cause: refused };
        const ends = { device: { kind: "device", device: id }, deviceFingerprint: id } as const;
        const judgeAgain = (trust: PeerTrust) => this.#judge(server, trust);
        return (changes.dial ?? server.dial.bind(server))({ ...ends, judgeAgain });
      },
      trust: (revocation) => this.#trust(revocation),
      certificates: {
        own: () => this.#shown.device.certificate,
        held: () => [],
        renew: async () => null,
      },
    });
    const stop = new AbortController();
    this.#running.set(device, { stop, ended: device.run(stop.signal, () => undefined) });
    return device;
  }

  async stop(device: Device): Promise<void> {
    const running = this.#running.get(device);
    running?.stop.abort();
    await running?.ended;
    this.#running.delete(device);
  }

  /** Lets turns and 50 ms each go by until it holds. */
  async until(holds: () => boolean, step = 50): Promise<void> {
    for (let turn = 0; turn < turnsMax; turn++) {
      if (holds()) return;
      await nextTurn();
      this.clock.advance(step);
    }
    assert(false, `this did not come: ${holds.toString()}`);
  }

  /** Turns without time: what is on its way arrives. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await nextTurn();
  }

  async signIn(device: Device, name: string, password = passwordOf(name)): Promise<SignInResult> {
    return device.authority.signIn({ name, password: new Secret(password), accessPoint: "panel" });
  }

  storeKey(device: DeviceId): SystemKey {
    const key = this.#storeKeys.get(device) ?? freshSystemKey();
    this.#storeKeys.set(device, key);
    return key;
  }

  #prepare(device: DeviceId): string {
    const directory = this.directoryOf(device);
    mkdirSync(directory, { recursive: true });
    return directory;
  }

  #configured(name: string): DeviceConfig["servers"][number] {
    const ports = { https: 0, link: 0, ldaps: 0 };
    return { name, addresses: [name], ports, pairing_fingerprint: "0".repeat(64) };
  }

  #certify(node: typeof nodeA): X509Certificate {
    return this.authority.issue({ profile: "server", name: { kind: "server", node } }).certificate;
  }

  #enrol(id: DeviceId): void {
    const verifier = sealPassword(this.#key, new Secret("code"));
    this.submit({ kind: "issue-device-code", id, verifier, expiresAt: this.clock.now() + hour });
    const certificate = { ...aCertificate(id, "device"), fingerprint: id };
    this.submit({ kind: "enrol-device", id, certificate }, { actor: serverA });
  }

  #shownBy(server: TestServer): X509Certificate {
    return server === this.a ? this.#shown.a : this.#shown.b;
  }

  #trust({ mode, lists }: DeviceRevocation): PeerTrust {
    const { certificate, key } = this.#shown.device;
    const name = { kind: "device", device: deviceX } as const;
    const anchors = [this.authority.certificate.toString()];
    const identity = { name, certificate, key, issuers: [], anchors, lists, pairingKey: null };
    return { identity, settings: { ...strictLink, revocation: mode } };
  }

  /** The one judge, over what the server would show. */
  #judge(server: TestServer, { identity, settings }: PeerTrust): TlsCauseCode | null {
    const judged = judgePeer({
      chain: [this.#shownBy(server).raw],
      anchors: identity.anchors,
      lists: identity.lists,
      purpose: "server",
      expected: { kind: "server", node: server.parts.node },
      at: this.clock.now(),
      settings,
      handshake: null,
    });
    return judged.verdict === "ok" ? null : judged.cause;
  }

  async #verifier(password: string): Promise<ReturnType<typeof sealPassword>> {
    const phc = await this.#hasher.hash(new Secret(password));
    assert(phc.ok, "the hasher of a test has room");
    return sealPassword(this.#key, new Secret(phc.value));
  }

  #server(node: typeof nodeA, duty: "main" | "standby"): TestServer {
    const name = { kind: "server", node } as const;
    return new TestServer(
      {
        node,
        signer: this.authority.issue({ profile: "replica-signer", name }),
        key: this.#key,
        hasher: this.#hasher,
        clock: this.clock,
        committed: () => ({
          state: this.directory.state,
          position: { ...origin, term: 1, start: 1, seq: this.directory.seq },
        }),
        submit: (command) => this.submit(command, { actor: serverA }),
      },
      duty,
    );
  }
}

function passwordOf(name: string): string {
  return `${name}'s Pass1`;
}
