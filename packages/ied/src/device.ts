import type { X509Certificate } from "node:crypto";
import { hour, minute, second, type Instant, type Millis } from "@gridward/core/base/time";
import type { PasswordHasher } from "@gridward/runtime/os/argon2";
import type { Clock } from "@gridward/runtime/os/clock";
import type { SystemKey } from "@gridward/runtime/os/seal";
import type { LinkOutcome, PeerTrust } from "@gridward/runtime/link/peer";
import type { RevocationList } from "@gridward/runtime/trust/revocation";
import { Authority } from "./authority/authority.ts";
import { Failures } from "./authority/failures.ts";
import { ReportQueue } from "./authority/report-queue.ts";
import { Reporter } from "./authority/reporter.ts";
import { Sessions } from "./authority/sessions.ts";
import { devicePaths, type DeviceConfig, type DeviceRevocationMode } from "./config.ts";
import { deviceStatus, type DeviceStatus, type LastTry } from "./device-status.ts";
import { certificateStatus, showCertificates, type ShownCertificate } from "./held-certificates.ts";
import type { CertificateDesk } from "./replica/conversation.ts";
import type { ListStatus } from "./replica/held-lists.ts";
import { LocalReplica } from "./replica/local-replica.ts";
import { openReplicaStore } from "./replica/store.ts";
import { ServerLine, type LineEvent } from "./replica/server-line.ts";
import type { SealedFile } from "./sealed-file.ts";
import type { TrustAnchors } from "./trust-anchors.ts";

export interface DeviceParts {
  readonly directory: string;
  readonly config: DeviceConfig;
  readonly anchors: TrustAnchors;
  readonly storeKey: SystemKey;
  readonly hasher: PasswordHasher;
  readonly clock: Clock;
  readonly random: () => number;
  /** What a server signed is not believed: there may be another authority (PK7). */
  readonly askAnchors: () => void;
  readonly dial: (
    server: DeviceConfig["servers"][number],
    address: string,
    revocation: DeviceRevocation,
  ) => Promise<LinkOutcome>;
  readonly certificates: CertificateDesk & { readonly own: () => X509Certificate };
  /** By what a server is judged that is connected already. */
  readonly trust: (revocation: DeviceRevocation) => PeerTrust;
}

/** How the device heeds revocation, and the lists that it holds. */
export interface DeviceRevocation {
  readonly mode: DeviceRevocationMode;
  readonly lists: readonly RevocationList[];
}

const sealedFileMax = 4 * 1024 * 1024;
const sweepEvery: Millis = 2 * second;
const saveAgeEvery: Millis = hour;

/** The account data that decides whether a session still stands. */
interface Remembered {
  readonly id: string;
  readonly credentialVersion: number;
  readonly lockedUntil: Instant | null;
}

/** One device: its replica, its lines to the servers, and its authority. */
export class Device {
  readonly authority: Authority;
  readonly replica: LocalReplica;
  readonly lines: readonly ServerLine[];
  readonly #parts: DeviceParts;
  readonly #failures: Failures;
  readonly #reporter: Reporter;
  #interval: Millis;
  #mode: DeviceRevocationMode;
  #lastTry: LastTry = null;
  #remembered: ReadonlyMap<string, Remembered>;
  #wasPastSoftAge = false;
  #hadCurrentList = false;
  #toldOfList = "";
  /** Lines whose connection may have been made with a certificate of before. */
  #outdated: readonly ServerLine[] = [];

  constructor(parts: DeviceParts) {
    this.#parts = parts;
    const { config, anchors, clock, directory, storeKey } = parts;
    const { system, device } = config;
    const place = { directory, key: storeKey, systemId: system.id, deviceId: device.id };
    const store = openReplicaStore(place);
    const of = { anchors, systemId: system.id, group: device.group.id };
    this.replica = new LocalReplica({ ...of, store, clock });
    this.#failures = new Failures(this.#sealedFile("failures"));
    const queue = new ReportQueue(this.#sealedFile("reports"));
    this.lines = config.servers.map((server) => this.#lineTo(server));
    const { replica, lines } = this;
    this.#reporter = new Reporter({ replica, lines, failures: this.#failures, queue });
    this.authority = new Authority({
      replica,
      lines,
      failures: this.#failures,
      reporter: this.#reporter,
      sessions: new Sessions(config.display_timeout),
      hasher: parts.hasher,
      area: `${system.site}/${device.name}`,
    });
    this.#interval = config.replica_interval * minute;
    this.#mode = config.revocation;
    this.#remembered = this.#remember();
    this.replica.onChange(() => this.#replicaChanged());
  }

  status(): DeviceStatus {
    const { replica, lines, authority } = this;
    const { certificates, clock } = this.#parts;
    const certificate = certificateStatus(
      { own: certificates.own(), anchors: this.#parts.anchors.all },
      {
        lists: replica.lists.lists,
        isTold: replica.seen.revoked,
        refusedFor: lines.map(({ refusedFor }) => refusedFor),
      },
      clock.now(),
    );
    const about = { mode: this.#mode, certificate, lastTry: this.#lastTry };
    return deviceStatus({ replica, lines, authority, ...about });
  }

  /** What the device holds, as people read it (PK6). */
  certificates(): readonly ShownCertificate[] {
    const { certificates, anchors } = this.#parts;
    return showCertificates({ own: certificates.own(), anchors: anchors.all });
  }

  setInterval(minutes: number): void {
    this.#interval = minutes * minute;
  }

  /** From the next sign-in on; a server that is not named keeps its cost. */
  setCosts(costs: ReadonlyMap<string, number>): void {
    for (const line of this.lines) line.setCost(costs.get(line.name) ?? line.cost);
  }

  /** Holds at once, also for who is connected. */
  setRevocation(mode: DeviceRevocationMode): void {
    this.#mode = mode;
    this.#judgeServersAgain();
  }

  listStatus(): ListStatus {
    return this.replica.lists.status(this.replica.time());
  }

  /**
   * PK8: the old certificate counts until a server saw the new one in use, so that is shown soon, on
   * one line after the other and without being without a server meanwhile.
   */
  showCertificate(): void {
    this.#outdated = this.lines;
  }

  async #makeLinesAnew(): Promise<void> {
    const lines = this.#outdated;
    this.#outdated = [];
    for (const line of lines) {
      if (!(await line.dialAnew())) this.#outdated = [...this.#outdated, line];
    }
  }

  #revocation(): DeviceRevocation {
    return { mode: this.#mode, lists: this.replica.lists.lists };
  }

  /** A list that is missing or stale comes from the server, and before it nothing is believed. */
  #revocationAtDial(): DeviceRevocation {
    return { ...this.#revocation(), mode: "soft" };
  }

  /** Why no server is believed now; undefined: each is that is not revoked. */
  #objection(): string | undefined {
    if (this.#mode === "soft") return undefined;
    const { state } = this.listStatus();
    return state === "current" ? undefined : `T08 its revocation list is ${state}`;
  }

  #judgeServersAgain(): void {
    const trust = this.#parts.trust(this.#revocation());
    for (const line of this.lines) line.judgeAgain(trust);
  }

  /** Keeps the lines, asks at the interval, sweeps; ends when all of it has. */
  async run(stop: AbortSignal, onTick: () => void): Promise<void> {
    const lines = this.lines.map((line) => line.run(stop));
    await this.#tick(stop, onTick);
    await Promise.all(lines);
    this.replica.saveAge();
  }

  async #tick(stop: AbortSignal, onTick: () => void): Promise<void> {
    const { clock } = this.#parts;
    let pulled = clock.monotonic();
    let saved = pulled;
    while (!stop.aborted) {
      await clock.sleep(sweepEvery, stop);
      const now = clock.monotonic();
      if (now - pulled >= this.#interval) {
        pulled = now;
        this.#pullAll();
      }
      if (now - saved >= saveAgeEvery) {
        saved = now;
        this.replica.saveAge();
      }
      this.authority.sweep();
      this.#watchAge();
      void this.#makeLinesAnew();
      onTick();
    }
  }

  #pullAll(): void {
    const online = this.lines.filter(({ standing }) => standing !== null);
    for (const line of online) line.pull();
    if (online.length === 0) this.#tried(false);
  }

  #lineTo(server: DeviceConfig["servers"][number]): ServerLine {
    const { config, anchors, clock, random, dial, certificates } = this.#parts;
    const { replica } = this;
    return new ServerLine({
      name: server.name,
      addresses: server.addresses,
      cost: server.cost,
      dial: (address) => dial(server, address, this.#revocationAtDial()),
      conversation: {
        replica,
        anchors,
        systemId: config.system.id,
        group: config.device.group.id,
        device: config.device.id,
        objection: () => this.#objection(),
        certificates,
      },
      observe: (seen) => this.#heard(server.name, seen),
      clock,
      random,
    });
  }

  #heard(server: string, seen: LineEvent): void {
    switch (seen.kind) {
      case "answered":
        return this.#tried(true);
      case "online":
        void this.#reporter.handUp();
        return undefined;
      case "offline":
        if (this.lines.every(({ standing }) => standing === null)) this.#tried(false);
        return this.#note3810(`${server}: ${seen.cause}`);
      case "replica-refused":
        // A Standby some milliseconds behind is the normal case and no failure.
        if (seen.reason === "older revision") return undefined;
        this.#tried(false);
        this.#parts.askAnchors();
        return this.#note3810(`${server}: replica refused: ${seen.reason}`);
      case "turned-away":
        return this.#note3810(`${server}: ${seen.code}: ${seen.text}`);
      case "listed":
        return this.#judgeServersAgain();
      case "list-refused":
        return this.#refusedList(server, seen.reason);
      case "erased":
        return undefined;
    }
  }

  /** It comes with each answer, until there is the anchor that signed it: told once. */
  #refusedList(server: string, reason: string): void {
    this.#parts.askAnchors();
    const told = `${server}: revocation list refused: ${reason}`;
    if (told !== this.#toldOfList) this.#note3810(told);
    this.#toldOfList = told;
  }

  #tried(isGood: boolean): void {
    this.#lastTry = { ok: isGood, at: this.#parts.clock.now() };
  }

  #watchAge(): void {
    const isPast = this.replica.isPastSoftAge();
    if (isPast && !this.#wasPastSoftAge) this.#note3810("the replica is past its soft age");
    this.#wasPastSoftAge = isPast;
    const isCurrent = this.listStatus().state === "current";
    if (this.#hadCurrentList && !isCurrent) {
      this.#note3810("the revocation list is no longer current");
      this.#judgeServersAgain();
    }
    this.#hadCurrentList = isCurrent;
  }

  #note3810(reason: string): void {
    const at = { account: "", accessPoint: "", source: "device" } as const;
    this.#reporter.note({ ...at, event: 3810, reason: reason.slice(0, 512) });
  }

  /** Ends sessions of who is no member any more; an early unlock at the Main lifts our block. */
  #replicaChanged(): void {
    const before = this.#remembered;
    const use = this.replica.use();
    if (use === "none" || use === "off") return; // Erased: that says nothing about any account.
    this.#remembered = this.#remember();
    const over = new Set<string>();
    const now = this.replica.time();
    for (const [name, earlier] of before) {
      const present = this.#remembered.get(name);
      if (present?.credentialVersion !== earlier.credentialVersion) over.add(earlier.id);
      const wasLocked = earlier.lockedUntil !== null && now < earlier.lockedUntil;
      if (present?.lockedUntil === null && wasLocked) this.#failures.forget(name);
    }
    if (over.size > 0) this.authority.endSessionsOf(over);
  }

  #remember(): ReadonlyMap<string, Remembered> {
    const members = Array.from(this.replica.members(), ({ record }) => record);
    return new Map(members.map((record) => [record.name, record]));
  }

  #sealedFile(name: "failures" | "reports"): SealedFile {
    const { directory, storeKey, config } = this.#parts;
    const path = devicePaths(directory)[name];
    const purpose = `gridward device ${config.device.id} of ${config.system.id}: ${name}`;
    return { path, key: storeKey, purpose, bytesMax: sealedFileMax };
  }
}
