import assert from "node:assert/strict";
import { join } from "node:path";
import { utf8 } from "@gridward/core/base/bytes";
import { defaultSecurity, type SecuritySettings } from "@gridward/core/base/security-settings";
import { day } from "@gridward/core/base/time";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { CertificateRow } from "@gridward/core/domain/types";
import { systemClock } from "@gridward/runtime/os/clock";
import { makeDirectory, writeFileAtomic } from "@gridward/runtime/os/files";
import { freshId } from "@gridward/runtime/os/random";
import type { RevocationList } from "@gridward/runtime/trust/revocation";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { Approvals } from "../approvals/approvals.ts";
import { isSettled } from "../approvals/is-settled.ts";
import { offeredClient } from "../approvals/offer-peers.ts";
import { type ClientGate, openClientGate, type RefusedClient } from "../clients/client-gate.ts";
import { aDesk, type TestDesk } from "../desk/a-desk.ts";
import { type SecurityOrder, SecurityChanges } from "../security/security-changes.ts";
import { SignInTrial } from "../security/sign-in-trial.ts";
import { StandingSettings } from "../security/standing-settings.ts";
import { aServer, member, type TestAnswer, type TestServer } from "./https/a-server.ts";
import { anLdapServer, ldapIdentity } from "./ldap/an-ldap-server.ts";

/** When all houses stand. */
export const now = systemClock().now();
export const authority = testAuthority("Hill", now - day);
/** Whom no house believes. */
export const strangers = testAuthority("Theirs", now - day);
const closers: (() => Promise<void>)[] = [];

export type Issued = ReturnType<typeof authority.issue>;

/** A certificate of somebody with these addresses. */
export function person(emails: readonly string[]): Issued {
  return authority.issue({ profile: "person", emails });
}

/** For tests: HTTPS and LDAPS over one desk and one gate, with `anna` and `otto`. */
export interface House {
  readonly https: TestServer;
  readonly ldap: { readonly port: number };
  readonly world: HouseWorld;
  readonly approvals: Approvals;
  /** Lets time pass. */
  readonly pass: (ms: number) => void;
  /** Of the administrator. */
  readonly token: string;
  /** Lets the certificates of a key lead to an account. */
  readonly map: (name: string, key: string) => Promise<TestAnswer>;
}

/** What a test may change under the gate, and what the gate said. */
interface HouseWorld {
  settings: SecuritySettings;
  lists: readonly RevocationList[];
  /** By the journal of this server, of which there is no list yet. */
  revokedHere: string;
  readonly refused: RefusedClient[];
}

/** Its files lie in a folder of its own below `root`. */
async function aHouse(root: string): Promise<Omit<House, "token" | "map">> {
  const desk = aDesk();
  const standing = new StandingSettings(defaultSecurity);
  const world: HouseWorld = {
    get settings() {
      return standing.now;
    },
    set settings(settings: SecuritySettings) {
      standing.apply(settings, now);
    },
    lists: [],
    revokedHere: "",
    refused: [],
  };
  const directory = join(root, freshId());
  makeDirectory(directory);
  const approvals = new Approvals({
    directory,
    clock: { now: desk.front.now },
    note: () => {},
    isSettled: (peer) => isSettled(desk.front.state(), peer, desk.front.now()),
    onRejected: () => {},
  });
  const anchors = anchorsOf(desk.front.state());
  const gate = openClientGate({
    settings: () => world.settings,
    trust: () => ({ anchors, lists: world.lists }),
    state: () => withRevoked(desk.front.state(), world.revokedHere),
    condition: desk.front.condition,
    now: desk.front.now,
    onRefused: (refused) => {
      world.refused.push(refused);
      const unknown = offeredClient(refused);
      if (unknown) approvals.offer(unknown);
    },
  });
  const changes = changesOf(directory, standing);
  const security = {
    ...desk.security,
    now: () => world.settings,
    set: async (order: SecurityOrder) => changes.set(order),
  };
  const doors = await openDoors({ ...desk, security, approvals }, gate);
  return { ...doors, world, approvals, pass: (ms) => desk.pass(ms) };
}

/** Ours of the tests, and the one whose certificates the desk issues and revokes. */
function anchorsOf({ tables: { authorities } }: DirectoryState): readonly string[] {
  const own = authorities.valueSeq().map(({ certificate }) => certificate);
  return [authority.certificate.toString(), ...own];
}

async function openDoors(desk: TestDesk, gate: ClientGate): Promise<Pick<House, "https" | "ldap">> {
  const anchors = anchorsOf(desk.front.state());
  const https = await aServer({ desk, clients: gate, anchors });
  const own = authority.issue({ profile: "server", hosts: ["127.0.0.1"] });
  const identity = ldapIdentity(own, anchors);
  const ldap = await anLdapServer(desk.front, { identity, clients: gate });
  closers.push(
    async () => https.close(),
    async () => ldap.close(),
  );
  return { https, ldap };
}

function withRevoked(state: DirectoryState, serial: string): DirectoryState {
  if (serial === "") return state;
  const revoked = { at: now, reason: "keyCompromise", by: "admin" } as const;
  const row: CertificateRow = {
    serial,
    authority: "",
    profile: "person",
    name: "",
    subject: "",
    alternativeNames: "",
    fingerprint: "",
    notBefore: now,
    notAfter: now,
    revoked,
  };
  const certificates = state.tables.certificates.set(serial, row);
  return { ...state, tables: { ...state.tables, certificates } };
}

/** A lone server's. */
function changesOf(directory: string, settings: StandingSettings): SecurityChanges {
  const places = 'name = "A"\nlisten = "127.0.0.1"\naddress = "127.0.0.1"\n';
  writeFileAtomic(join(directory, "server.toml"), utf8(places));
  return new SecurityChanges({
    directory,
    settings,
    partners: () => [],
    directions: () => ({ dial: { verdict: "not tried" }, accept: { verdict: "not tried" } }),
    rejudge: async () => {},
    recheck: async () => {},
    refresh: () => {},
    onChange: () => {},
    trial: new SignInTrial({ onChange: () => {}, clock: systemClock() }),
    clock: systemClock(),
  });
}

/** Under these settings; `closeHouses` ends it. */
export async function aHouseWithPeople(
  root: string,
  choice: Partial<SecuritySettings> = {},
): Promise<House> {
  const house = await aHouse(root);
  const token = await house.https.administrator();
  for (const name of ["anna", "otto"]) {
    const body = { name, roles: [{ role: "OPERATOR" }] };
    assert.equal((await house.https.ask("POST", "/v1/accounts", { token, body })).status, 200);
  }
  const map: House["map"] = async (name, key) => {
    const path = `/v1/accounts/${name}/certificates`;
    return house.https.ask("POST", path, { token, body: { key } });
  };
  house.world.settings = { ...house.world.settings, ...choice };
  return { ...house, token, map };
}

export async function closeHouses(): Promise<void> {
  await Promise.all(closers.splice(0).map(async (close) => close()));
}

/** Of a refusal; "" where there is none. */
export function codeOf({ json }: TestAnswer): string {
  return member(json, "error", "code");
}
