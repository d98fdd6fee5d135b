// Our LDAPS front end with the real pipeline over a state in memory; a process of its own, so that
// it can have a core of its own. Prints port and process id when it listens; ends with its standard input.
import { accountId, nodeId, sealed, systemId } from "@gridward/core/base/identity";
import { Defect } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { loadRows } from "@gridward/core/domain/apply";
import { seedPolicies } from "@gridward/core/domain/policies";
import type { ServerCondition } from "@gridward/core/domain/server-status";
import { singleKey } from "@gridward/core/domain/state";
import type { AccountRow, RowChange } from "@gridward/core/domain/types";
import { createPasswordHasher } from "@gridward/runtime/os/argon2";
import { systemClock } from "@gridward/runtime/os/clock";
import { freshSystemKey } from "@gridward/runtime/os/seal";
import { createTemporary } from "@gridward/runtime/trust/temporary";
import { createTlsKey, keyToPem } from "@gridward/runtime/trust/x509/keys";
import { serveLdap } from "@gridward/server/frontends/ldap/serve-ldap";
import type { FrontEndParts } from "@gridward/server/parts";
import { sealPassword } from "@gridward/server/sealed-password";
import { openSignIn } from "@gridward/server/sign-in";
import { base, nameOf } from "./ldap/people.ts";

const [, , users = "1000", verifier = "", hashers = "1"] = process.argv;
const clock = systemClock();
const systemKey = freshSystemKey();
const createdAt = clock.now();

function* rows(): Generator<RowChange> {
  const row = {
    id: systemId("bench"),
    base,
    site: "Bench",
    createdAt,
    replicaKey: sealed(""),
    uidNext: 10_000 + Number(users),
    recovery: null,
  };
  yield { table: "system", key: singleKey, row };
  for (const policy of seedPolicies) yield { table: "policies", key: policy.name, row: policy };
  const password = sealPassword(systemKey, new Secret(verifier));
  for (let index = 1; index <= Number(users); index++) {
    const account = anAccount(index, password);
    yield { table: "accounts", key: account.id, row: account };
  }
}

function anAccount(index: number, password: ReturnType<typeof sealPassword>): AccountRow {
  return {
    id: accountId(nameOf(index)),
    name: nameOf(index),
    displayName: `Person ${index}`,
    uidNumber: 10_000 + index,
    roles: [{ role: 1, area: "*", notBefore: null, notAfter: null }],
    groups: [],
    enabled: true,
    password: {
      verifier: password,
      version: 1,
      changedAt: createdAt,
      mustChange: false,
      history: [],
    },
    code: null,
    lockedUntil: null,
    policy: "utility",
    createdAt,
    changedAt: createdAt,
  };
}

const state = loadRows(rows());
const condition: ServerCondition = {
  node: nodeId("bench"),
  duty: "main",
  state: "lone",
  canSignIn: true,
  fresh: true,
  ageMs: 0,
  at: createdAt,
};
function unused(): never {
  throw new Defect("the LDAP front end only reads");
}
const frontEnd: FrontEndParts = {
  state: () => state,
  condition: () => condition,
  status: unused,
  submit: unused,
  now: () => clock.now(),
  signIn: openSignIn({
    state: () => state,
    condition: () => condition,
    hasher: createPasswordHasher({ running: Number(hashers), waiting: 1_000 }),
    systemKey: () => systemKey,
    counters: { get: () => undefined, set: () => {}, drop: () => {} },
    record: () => {},
    lock: () => {},
  }),
};
const key = createTlsKey();
const certificate = createTemporary({
  key,
  node: nodeId("bench"),
  name: "bench",
  hosts: ["127.0.0.1"],
  now: createdAt,
});
const server = await serveLdap(frontEnd, {
  host: "127.0.0.1",
  port: 0,
  identity: { key: keyToPem(key), certificate: certificate.toString(), anchors: [] },
  clients: { judge: () => ({ verdict: "ok", client: null }), objection: () => null },
  clock,
  limit: { most: 1_024, mostOfOne: 1_024, onTurnedAway: () => {} },
  live: { enter: () => () => undefined },
  version: "bench",
  note: () => {},
});
console.log(`${server.port} ${process.pid}`);
process.stdin.on("end", () => void server.close()).resume();
