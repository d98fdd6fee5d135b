import { accountId, groupId, nodeId, requestId, sealed } from "../base/identity.ts";
import type { AccountId, GroupId } from "../base/identity.ts";
import { assert } from "../base/result.ts";
import { hour } from "../base/time.ts";
import { applyEntry } from "./apply.ts";
import type { Command, Submission } from "./command.ts";
import { decide } from "./decide.ts";
import type { CommandOf, Decision } from "./decision.ts";
import { origin, type Entry } from "./entry.ts";
import type { Fact } from "./fact.ts";
import { roleIds } from "./roles.ts";
import { emptyState, type DirectoryState } from "./state.ts";
import type {
  AccountRow,
  Actor,
  CertificateRow,
  CommandAnswer,
  RoleAssignment,
  RoleId,
  ServerRow,
} from "./types.ts";

/** What tests of the domain start from: everything valid unless they say otherwise. */
export const noon = Date.UTC(2026, 5, 1, 12);

export const owner: Actor = { kind: "local", id: "root", name: "root", door: "local", source: "" };
export const serverA: Actor = { kind: "server", id: "A", name: "A", door: "pair", source: "" };
const administrator = anActor("admin");

export function anActor(id: string): Actor {
  return { kind: "account", id, name: id, door: "https", source: "192.0.2.1" };
}

export function aRole(role: RoleId, changes: Partial<RoleAssignment> = {}): RoleAssignment {
  return { role, area: "*", notBefore: null, notAfter: null, ...changes };
}

export function aServer(id: string): ServerRow {
  return {
    id: nodeId(id),
    name: id,
    address: `${id}.example.org`,
    ports: { https: 8443, link: 5480, ldaps: 636 },
    pairingKey: "",
    kind: "promotable",
    joinedAt: noon,
  };
}

export function aCertificate(serial: string, profile: CertificateRow["profile"]): CertificateRow {
  return {
    serial,
    authority: "issuing",
    profile,
    name: serial,
    subject: `CN=${serial}`,
    alternativeNames: "",
    fingerprint: serial,
    notBefore: noon,
    notAfter: noon + 1_000 * hour,
    revoked: null,
  };
}

export function aNewPassword(verifier = "verifier"): CommandOf<"set-password">["password"] {
  return { verifier: sealed(verifier), length: 16, classes: 3, repeats: false };
}

export function anAccountRow(changes: Partial<AccountRow> = {}): AccountRow {
  return {
    id: accountId("anna"),
    name: "anna",
    displayName: "Anna",
    uidNumber: 10_001,
    roles: [aRole(roleIds.OPERATOR)],
    groups: [],
    enabled: true,
    password: {
      verifier: sealed("anna's"),
      version: 1,
      changedAt: noon,
      mustChange: false,
      history: [],
    },
    code: null,
    lockedUntil: null,
    policy: "utility",
    createdAt: noon,
    changedAt: noon,
    ...changes,
  };
}

export function createSystem(): CommandOf<"create-system"> {
  return {
    kind: "create-system",
    systemId: "system",
    base: "dc=example,dc=org",
    site: "Hill",
    replicaKey: sealed("replica key"),
    authority: {
      id: "issuing",
      standing: "issuing",
      certificate: "",
      cross: null,
      key: sealed("authority key"),
      createdAt: noon,
    },
    certificates: [aCertificate("01", "authority"), aCertificate("02", "server")],
    server: aServer("A"),
    administrator: {
      id: accountId("admin"),
      name: "admin",
      code: { verifier: sealed("code"), expiresAt: noon + hour },
    },
  };
}

export function createAccount(
  name: string,
  changes: Partial<CommandOf<"create-account">> = {},
): CommandOf<"create-account"> {
  return {
    kind: "create-account",
    id: accountId(name),
    name,
    displayName: name,
    roles: [aRole(roleIds.OPERATOR)],
    groups: [],
    policy: "utility",
    password: aNewPassword(`${name}'s`),
    mustChange: false,
    ...changes,
  };
}

/** A journal of one server in memory: decides, makes the entry, applies it. */
export class World {
  state: DirectoryState = emptyState;
  seq = 0;
  /** The last entry that was made. */
  last: Entry | undefined = undefined;

  /** Decides and applies; the decision is returned whichever it is. */
  submit(command: Command, by: Partial<Omit<Submission, "command">> = {}): Decision {
    const submission: Submission = {
      command,
      actor: by.actor ?? administrator,
      at: by.at ?? noon,
      requestId: by.requestId ?? requestId(`request ${this.seq + 1}`),
    };
    const decision = decide(this.state, submission);
    if (decision.ok) this.append(decision.value.facts, decision.value.answer, submission);
    return decision;
  }

  /** As `submit`, for what must be accepted. */
  must(command: Command, by: Partial<Omit<Submission, "command">> = {}): readonly Fact[] {
    const decision = this.submit(command, by);
    assert(decision.ok, decision.ok ? "" : `${decision.error.code} ${decision.error.detail}`);
    return decision.value.facts;
  }

  /** The refusal's code, or "accepted". */
  codeOf(command: Command, by: Partial<Omit<Submission, "command">> = {}): string {
    const decision = this.submit(command, by);
    return decision.ok ? "accepted" : decision.error.code;
  }

  account(name: string): AccountRow {
    const id = this.state.accountsByName.get(name);
    const row = id === undefined ? undefined : this.state.tables.accounts.get(id);
    assert(row !== undefined, `no account ${name}`);
    return row;
  }

  append(facts: readonly Fact[], answer: CommandAnswer, submission: Submission): void {
    this.seq += 1;
    const { at, actor, command } = submission;
    const entry: Entry = {
      ...origin,
      term: 1,
      seq: this.seq,
      prev: "",
      node: nodeId("A"),
      at,
      actor,
      requestId: submission.requestId,
      kind: command.kind,
      facts,
      answer,
    };
    this.state = applyEntry(this.state, entry);
    this.last = entry;
  }
}

/** A system whose administrator has set a password. */
export function aSystem(): World {
  const world = new World();
  world.must(createSystem(), { actor: owner });
  world.must({
    kind: "change-password",
    id: accountId("admin"),
    password: aNewPassword("admin's"),
  });
  return world;
}

/** As `aSystem`, with the group "bay1" and the account "anna", an OPERATOR in it. */
export function aStation(): World & { readonly group: GroupId; readonly anna: AccountId } {
  const group = groupId("bay1");
  const anna = accountId("anna");
  const world = aSystem();
  world.must({ kind: "create-group", id: group, name: "bay1", description: "" });
  world.must(createAccount("anna", { groups: [group] }));
  return Object.assign(world, { group, anna });
}
