import type { KeyObject, X509Certificate } from "node:crypto";
import { accountId, nodeId, type AccountId, type NodeId } from "@gridward/core/base/identity";
import { assert, ok } from "@gridward/core/base/result";
import { minute, type Instant } from "@gridward/core/base/time";
import { advance } from "@gridward/core/domain/apply";
import type { Command } from "@gridward/core/domain/command";
import { decide } from "@gridward/core/domain/decide";
import { origin, type Entry } from "@gridward/core/domain/entry";
import { emptyState } from "@gridward/core/domain/state";
import type { Actor, ServerRow } from "@gridward/core/domain/types";
import { freshId, freshRequestId } from "@gridward/runtime/os/random";
import { freshSystemKey, seal, type SystemKey } from "@gridward/runtime/os/seal";
import { createSigningKey, pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import { createAuthority } from "./ca/authority.ts";
import { sealCode, codeFor } from "./one-time-code.ts";
import type { FrontEndParts } from "./parts.ts";

/**
 * For tests: a Main whose system has a real authority and real keys. Commands are decided and
 * applied at once, without disk or network.
 */
export interface TestSystem {
  readonly self: { readonly node: NodeId; readonly name: string; readonly pairingKey: KeyObject };
  readonly systemKey: SystemKey;
  readonly authority: X509Certificate;
  readonly front: Pick<FrontEndParts, "state" | "submit" | "now">;
  readonly administrator: Actor;
  /** Carries a command out as the administrator. */
  readonly order: (command: Command) => void;
  /** Lets time pass. */
  readonly pass: (ms: number) => void;
  /** Commands decided so far, refused ones included. */
  readonly asked: () => readonly Command["kind"][];
}

const local: Actor = { kind: "local", id: "root", name: "root", door: "local", source: "" };

export function aSystem(start: Instant): TestSystem {
  let at = start;
  let state = emptyState;
  const asked: Command["kind"][] = [];
  const systemKey = freshSystemKey();
  const made = createAuthority({ site: "Hill", systemKey, now: at });
  const authority = readCertificate(made.row.certificate);
  assert(authority !== undefined, "the authority's certificate is one");
  const self = { node: nodeId(freshId()), name: "A", pairingKey: createSigningKey() };
  const submit: FrontEndParts["submit"] = async ({ command, actor, requestId }) => {
    asked.push(command.kind);
    const decision = decide(state, { command, actor, at, requestId });
    if (!decision.ok) return decision;
    const { kind } = command;
    const place = { ...origin, term: 1, seq: asked.length, prev: origin.hash, node: self.node };
    const entry: Entry = { ...place, ...decision.value, at, actor, requestId, kind };
    ({ state } = advance(state, entry));
    return ok({ seq: entry.seq, answer: decision.value.answer });
  };
  const carryOut = (actor: Actor, command: Command): void => {
    const before = state;
    void submit({ command, actor, requestId: freshRequestId() });
    assert(state !== before, `the order ${command.kind} of a test is carried out`);
  };
  const id = accountId(freshId());
  const administrator: Actor = { kind: "account", id, name: "admin", door: "https", source: "" };
  carryOut(local, creation({ systemKey, made, self, at, administrator: id }));
  const verifier = seal(systemKey, "password verifier of an account", new Uint8Array(1));
  const password = { verifier, length: 20, classes: 4, repeats: false };
  carryOut(administrator, { kind: "change-password", id, password });
  asked.length = 0;
  return {
    self,
    systemKey,
    authority,
    administrator,
    front: { state: () => state, submit, now: () => at },
    order: (command) => carryOut(administrator, command),
    pass: (ms) => void (at += ms),
    asked: () => asked,
  };
}

function creation(given: {
  readonly systemKey: SystemKey;
  readonly made: ReturnType<typeof createAuthority>;
  readonly self: TestSystem["self"];
  readonly at: Instant;
  readonly administrator: AccountId;
}): Command {
  const { systemKey, made, self, at, administrator } = given;
  const server: ServerRow = {
    id: self.node,
    name: self.name,
    address: "127.0.0.1",
    ports: { https: 8443, link: 5480, ldaps: 636 },
    pairingKey: pairingKeyText(self.pairingKey),
    kind: "promotable",
    joinedAt: at,
  };
  const code = codeFor(systemKey, "first sign-in", freshRequestId());
  const verifier = sealCode(systemKey, "first sign-in", code);
  return {
    kind: "create-system",
    systemId: freshId(),
    base: "dc=example,dc=org",
    site: "Hill",
    replicaKey: seal(systemKey, "root of the device keys", new Uint8Array(32)),
    authority: made.row,
    certificates: [made.certificate],
    server,
    administrator: {
      id: administrator,
      name: "admin",
      code: { verifier, expiresAt: at + 60 * minute },
    },
  };
}
