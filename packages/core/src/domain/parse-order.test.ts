import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { accountId, deviceId, groupId, nodeId, requestId, sealed } from "../base/identity.ts";
import type { PassedCommand } from "./command-shapes.ts";
import { aCertificate, anActor, noon } from "./fixtures.ts";
import { isPassed, parseOrder } from "./parse-order.ts";
import { seedPolicies } from "./policies.ts";

const id = accountId("anna");
const group = groupId("bay1");
const device = deviceId("Q01");
const verifier = sealed("sealed");
const password = { verifier, length: 12, classes: 3, repeats: false };
const role = { role: 1, area: "*", notBefore: null, notAfter: null };
const expiresAt = noon;

const commands: readonly PassedCommand[] = [
  {
    kind: "create-account",
    id,
    name: "anna",
    displayName: "Anna",
    roles: [role],
    groups: [group],
    policy: "standard",
    password,
    mustChange: true,
  },
  { kind: "update-account", id },
  { kind: "update-account", id, displayName: "Anna", roles: [role], policy: "standard" },
  { kind: "enable-account", id },
  { kind: "disable-account", id },
  { kind: "delete-account", id },
  { kind: "unlock-account", id },
  {
    kind: "change-accounts",
    id: "set",
    what: "import",
    changes: [
      {
        kind: "create",
        id,
        name: "anna",
        displayName: "Anna",
        roles: [role],
        groups: [group],
        policy: "standard",
        enabled: true,
        code: { verifier, expiresAt },
      },
      { kind: "update", id, seen: noon },
      { kind: "delete", id, seen: noon },
    ],
  },
  { kind: "undo-change-set", id: "set" },
  { kind: "lock-account", id, until: noon },
  { kind: "use-grace", id, version: 1, use: { server: nodeId("A"), at: noon } },
  { kind: "set-password", id, password, mustChange: false },
  { kind: "change-password", id, password },
  { kind: "issue-code", id, verifier, expiresAt },
  { kind: "end-session", id: "session", expiresAt },
  { kind: "create-group", id: group, name: "bay1", description: "" },
  { kind: "delete-group", id: group },
  { kind: "join-group", id: group, account: id },
  { kind: "leave-group", id: group, account: id },
  { kind: "deny-in-group", id: group, account: id },
  { kind: "lift-deny-in-group", id: group, account: id },
  { kind: "admit-administrator", id: group, account: id },
  ...seedPolicies.map((policy) => ({ kind: "set-policy", policy }) as const),
  {
    kind: "register-devices",
    devices: [
      {
        id: device,
        name: "Q01",
        manufacturer: "",
        type: "",
        accessPoints: [{ name: "S1", ip: null }],
        area: "*",
      },
    ],
    group,
  },
  { kind: "issue-device-code", id: device, verifier, expiresAt },
  { kind: "enrol-device", id: device, certificate: aCertificate("1", "device"), encoded: "AA==" },
  {
    kind: "renew-device",
    id: device,
    of: "1",
    certificate: aCertificate("2", "device"),
    encoded: "AA==",
  },
  { kind: "confirm-renewal", id: device, serial: "2" },
  { kind: "renew-server", id: nodeId("B"), certificates: [aCertificate("3", "server")] },
  { kind: "set-server-address", id: nodeId("B"), address: "b.example.org", backup: null },
  { kind: "set-replication", id: device, enabled: true },
  { kind: "set-recovery-key", publicKey: "A".repeat(43) },
];

function anOrder(command: unknown): Readonly<Record<string, unknown>> {
  return { command, actor: anActor("admin"), requestId: requestId("request") };
}

test("[PC1][HS17] every command that is passed on comes through as it is", () => {
  for (const command of commands) {
    const order = anOrder(command);
    const parsed = parseOrder(JSON.parse(JSON.stringify(order)));
    assert.deepEqual(parsed, { ok: true, value: order });
  }
});

test("[PC2] what the pair orders of itself is not passed on", () => {
  const digest = { kind: "digest-state", seq: 1, digest: "" } as const;
  const change = { kind: "change-ack-set", ackSet: [], unprotected: null } as const;
  const trial = { kind: "spend-invite-try", name: "B" } as const;
  const invite = { kind: "issue-invite", name: "B", secret: verifier, expiresAt } as const;
  for (const command of [digest, change, trial, invite]) {
    assert.equal(isPassed(command), false);
    assert.equal(parseOrder(anOrder(command)).ok, false);
  }
});

test("[PC3] a member too many, too few, of another type or out of bounds is refused", () => {
  const command = { kind: "lock-account", id, until: noon };
  const order = anOrder(command);
  assert.ok(parseOrder(order).ok);
  const wrong: readonly unknown[] = [
    { ...order, at: noon },
    { ...order, requestId: "" },
    { ...order, requestId: "x".repeat(65) },
    { ...order, actor: { ...anActor("admin"), kind: "god" } },
    { ...order, actor: undefined },
    anOrder({ ...command, more: 1 }),
    anOrder({ ...command, until: undefined }),
    anOrder({ ...command, until: -1 }),
    anOrder({ ...command, id: "x".repeat(257) }),
    anOrder({ kind: "set-password", id, password: { ...password, clear: "x" }, mustChange: true }),
    anOrder({ kind: "constructor" }),
    anOrder(null),
  ];
  for (const each of wrong) assert.equal(parseOrder(each).ok, false, JSON.stringify(each));
});

test("[PC3] any value is parsed or refused, and never throws", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (value, member) => {
      parseOrder(value);
      parseOrder(anOrder(value));
      parseOrder(anOrder({ kind: "create-account", id: member, roles: value }));
    }),
  );
});
