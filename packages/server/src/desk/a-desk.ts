import { accountId, nodeId, sealed } from "@gridward/core/base/identity";
import { assert, err, ok, type Result } from "@gridward/core/base/result";
import { defaultSecurity } from "@gridward/core/base/security-settings";
import { Secret } from "@gridward/core/base/secret";
import { minute, rfc3339, type Instant } from "@gridward/core/base/time";
import { version } from "@gridward/core/base/version";
import { advance } from "@gridward/core/domain/apply";
import type { Command } from "@gridward/core/domain/command";
import { decide, findAnswer } from "@gridward/core/domain/decide";
import { origin, type Entry } from "@gridward/core/domain/entry";
import type { FailureCounter } from "@gridward/core/domain/lock-out";
import type { Duty, ServerCondition, ServerStatus } from "@gridward/core/domain/server-status";
import type { Refusal } from "@gridward/core/domain/refusal";
import { emptyState, type DirectoryState } from "@gridward/core/domain/state";
import type { Actor, ServerRow } from "@gridward/core/domain/types";
import { createPasswordHasher } from "@gridward/runtime/os/argon2";
import { systemClock } from "@gridward/runtime/os/clock";
import { freshRequestId } from "@gridward/runtime/os/random";
import { freshSystemKey, type SystemKey } from "@gridward/runtime/os/seal";
import { createAuthority } from "../ca/authority.ts";
import { codeFor, sealCode } from "../one-time-code.ts";
import type { FrontEndParts, OperatorParts, Receipt } from "../parts.ts";
import { createSessions } from "../session.ts";
import { openSignIn } from "../sign-in.ts";
import type { DeskParts } from "./desk-parts.ts";

/**
 * For tests: a desk over the real domain, the real sign-in and real hashes, without disk, pair or
 * network. Commands are decided and applied at once.
 */
export interface TestDesk extends DeskParts {
  /** Becomes Standby, loses its database, and so on. */
  become(change: Partial<ServerCondition>): void;
  /** Its status says this too, until the next of these. */
  show(more: Partial<ServerStatus>): void;
  /** Lets time pass. */
  pass(ms: number): void;
  /** Code of the first administrator, whose name is `admin`. */
  readonly firstCode: Secret<string>;
  readonly entries: () => readonly Entry[];
  /** Carries a command out as whoever may. */
  order(actor: Actor, command: Command): void;
}

const hasher = createPasswordHasher();

export const serverActor: Actor = {
  kind: "server",
  id: "A",
  name: "A",
  door: "pair",
  source: "",
};

const noEvents: DeskParts["events"] = {
  list: () => ({ rows: [], next: null, newest: 0, total: 0 }),
  verify: async () => ({ events: 0, newest: 0, fault: null }),
};

export function aDesk(choice: SystemChoice = {}): TestDesk {
  const key = freshSystemKey();
  const world = aWorld();
  const { front } = world;
  const firstCode = codeFor(key, "first sign-in", freshRequestId());
  const create = createSystem(choice, key, {
    verifier: sealCode(key, "first sign-in", firstCode),
    expiresAt: front.now() + 60 * minute,
  });
  world.order({ ...serverActor, kind: "local", door: "local" }, create);
  const signIn = openSignIn({
    state: front.state,
    condition: front.condition,
    hasher,
    systemKey: () => key,
    counters: new CounterTable(),
    record: () => {},
    lock: (command) => world.order(serverActor, command),
  });
  return {
    ...world,
    front: { ...front, signIn },
    operator: noOperator,
    sessions: createSessions({ key: () => key, state: front.state, now: front.now }),
    hasher,
    systemKey: () => key,
    events: noEvents,
    refusals: { onPasswordRefused: () => {} },
    security: {
      now: () => defaultSecurity,
      unconfirmed: () => null,
      set: async () => err({ code: "security.unchanged", detail: "" }),
      confirm: () => err({ code: "security.nothing-to-confirm", detail: "" }),
      reasonsToProve: () => [],
      trial: { noteSignIn: () => {}, pass: () => ok(null), keep: () => ok(null) },
      foresee: async () => [],
      check: async () => [],
      certificates: {
        list: () => [],
        add: async () => err({ code: "server-certificate.nothing-found", detail: "" }),
        remove: () => err({ code: "server-certificate.not-found", detail: "" }),
        renewTemporary: () => err({ code: "server-certificate.not-found", detail: "" }),
      },
    },
    approvals: noApprovals,
    legacy: { seen: [], isAllowed: () => false },
    backups: {
      create: async () => err({ code: "backup.no-key", detail: "" }),
      list: async () => [],
    },
    devices: {
      isConnected: () => false,
      readCertificates: async () => err("device.not-connected"),
      renewCertificate: async () => err("device.not-connected"),
    },
    firstCode,
  };
}

/** Nobody waits. */
const noApprovals: DeskParts["approvals"] = {
  peers: [],
  turnedAway: 0,
  find: (typed) => err({ code: "approval.not-found", detail: typed }),
  reject: () => {},
  settle: () => {},
};

/** Failures counted, as the server's durable table would. */
class CounterTable {
  readonly #counters = new Map<string, FailureCounter>();
  readonly get = (account: string): FailureCounter | undefined => this.#counters.get(account);
  readonly set = (account: string, counter: FailureCounter): void => {
    this.#counters.set(account, counter);
  };
  readonly drop = (account: string): void => {
    this.#counters.delete(account);
  };
}

interface World {
  readonly front: Omit<FrontEndParts, "signIn">;
  order(actor: Actor, command: Command): void;
  become(change: Partial<ServerCondition>): void;
  show(more: Partial<ServerStatus>): void;
  pass(ms: number): void;
  readonly entries: () => readonly Entry[];
}

/** State and time, moved by commands alone. */
function aWorld(): World {
  let state: DirectoryState = emptyState;
  let at: Instant = systemClock().now();
  let condition: Partial<ServerCondition> = {};
  let shown: Partial<ServerStatus> = {};
  const entries: Entry[] = [];
  type Order = Parameters<FrontEndParts["submit"]>[0];
  const carryOut = ({ command, actor, requestId }: Order): Result<Receipt, Refusal> => {
    const known = findAnswer(state, requestId);
    if (known !== undefined) return ok({ seq: known.seq, answer: known.answer });
    const { duty } = conditionNow();
    if (duty !== "main" && duty !== "lone") return err({ code: "pair.not-main", detail: "A" });
    const decision = decide(state, { command, actor, at, requestId });
    if (!decision.ok) return decision;
    const seq = entries.length + 1;
    const { kind } = command;
    const place = { ...origin, term: 1, seq, prev: origin.hash, node: nodeId("A") };
    const entry: Entry = { ...place, ...decision.value, at, actor, requestId, kind };
    entries.push(entry);
    ({ state } = advance(state, entry));
    return ok({ seq, answer: decision.value.answer });
  };
  const conditionNow = (): ServerCondition => ({ ...soundCondition, at, ...condition });
  return {
    front: {
      state: () => state,
      condition: conditionNow,
      status: () => ({ ...statusOf(conditionNow(), at), ...shown }),
      submit: async (order) => carryOut(order),
      now: () => at,
    },
    order(actor, command) {
      const done = carryOut({ command, actor, requestId: freshRequestId() });
      assert(done.ok, `the order of a test is carried out, not ${done.ok || done.error.code}`);
    },
    become: (change) => void (condition = { ...condition, ...change }),
    show: (more) => void (shown = more),
    pass: (ms) => void (at += ms),
    entries: () => entries,
  };
}

interface SystemChoice {
  /** A certificate that is only shown; without it the authority is a real one. */
  readonly authority?: string;
  readonly httpsPort?: number;
}

const soundCondition = {
  node: nodeId("A"),
  duty: "lone",
  state: "lone",
  canSignIn: true,
  fresh: true,
  ageMs: 0,
} as const;

const testServer: ServerRow = {
  id: nodeId("A"),
  name: "A",
  address: "127.0.0.1",
  ports: { https: 8443, link: 5480, ldaps: 636 },
  pairingKey: Buffer.alloc(32, 7).toString("base64url"),
  kind: "promotable",
  joinedAt: 0,
};

function createSystem(
  { authority, httpsPort = 8443 }: SystemChoice,
  systemKey: SystemKey,
  code: { readonly verifier: ReturnType<typeof sealed>; readonly expiresAt: Instant },
): Command {
  const { ports } = testServer;
  const now = systemClock().now();
  const real = createAuthority({ site: "Hill", systemKey, now });
  const key = sealed("authority key");
  const shown = { ...real.row, certificate: authority ?? "", key };
  return {
    kind: "create-system",
    systemId: "01TESTSYSTEM00000000000000",
    base: "dc=example,dc=org",
    site: "Hill",
    replicaKey: sealed("replica key"),
    authority: authority === undefined ? real.row : shown,
    certificates: [real.certificate],
    server: { ...testServer, ports: { ...ports, https: httpsPort } },
    administrator: { id: accountId("01ADMIN0000000000000000000"), name: "admin", code },
  };
}

/** Orders to the pair are tested with the pair. */
const noOperator: OperatorParts = {
  createSystem: async () => err({ code: "system.exists", detail: "" }),
  invite: async () => ok({ code: new Secret("gwj1.TEST"), expiresAt: 0 }),
  join: async () => err({ code: "invite.malformed", detail: "" }),
  changeover: async ({ to }) => err({ code: "pair.server-not-found", detail: to }),
  setMaintenance: async () => err({ code: "pair.maintenance-main", detail: "" }),
  promote: async () => err({ code: "pair.already-main", detail: "" }),
  compareSettings: async () => [],
  copySetting: async ({ key }) => err({ code: "pair.own-setting", detail: key }),
  setMode: async ({ mode }) => err({ code: "pair.already-mode", detail: mode }),
  addWitness: async () => err({ code: "witness.unreachable", detail: "" }),
};

function statusOf(
  { duty, state }: { duty: Duty; state: ServerStatus["state"] },
  at: Instant,
): ServerStatus {
  const permission = { ok: false, code: null, reason: null };
  return {
    system_id: "01TESTSYSTEM00000000000000",
    node_id: "A",
    name: "A",
    version,
    pid: 1,
    duty,
    kind: "promotable",
    state,
    since: rfc3339(at),
    position: { ...origin, sequence: 0, digest: null },
    cause: null,
    remedy: null,
    icon: { shape: "circle", colour: "grey", word: "Lone" },
    promotable: permission,
    changeover: permission,
    ack_set: ["A"],
    unprotected_since: null,
    arbitration: { mode: "manual", witness: null },
    progress: null,
    partners: [],
    security: {},
    alarms: [],
  };
}
