import { accountId } from "@gridward/core/base/identity";
import { assert } from "@gridward/core/base/result";
import type { Submission } from "@gridward/core/domain/command";
import { decide } from "@gridward/core/domain/decide";
import { loadSystemKey, seal } from "@gridward/runtime/os/seal";
import { freshId, freshRequestId } from "@gridward/runtime/os/random";
import { sha256 } from "@gridward/runtime/os/hash";
import { readServerDirectory, serverPaths } from "@gridward/runtime/trust/server-directory";
import { utf8 } from "@gridward/core/base/bytes";
import { Ledger } from "../packages/server/src/ledger.ts";
import { openDatabase } from "../packages/server/src/open-database.ts";

/** Writes accounts into the journal of a stopped server, as its own commands would. */
export function fillAccounts(directory: string, count: number): void {
  const found = readServerDirectory(directory);
  const key = loadSystemKey(serverPaths(directory).systemKey);
  assert(found.ok && key.ok, "the server has a system");
  const database = openDatabase(directory, found.value.node);
  assert(database.ok && database.value.opened !== null, "the database opens");
  const ledger = new Ledger(database.value.opened, sha256);
  const { node } = found.value;
  const admin = [...ledger.state.tables.accounts.values()][0];
  assert(admin !== undefined, "there is an administrator");
  const actor = {
    kind: "account",
    id: admin.id,
    name: admin.name,
    door: "https",
    source: "",
  } as const;
  const verifier = seal(key.value, "password verifier of an account", utf8("x".repeat(97)));
  for (let index = 0; index < count; index++) {
    const submission: Submission = {
      at: Date.now(),
      actor,
      requestId: freshRequestId(),
      command: {
        kind: "create-account",
        id: accountId(freshId()),
        name: `person${index}`,
        displayName: `Person ${index} of the bench`,
        roles: [{ role: 0, area: "*", notBefore: null, notAfter: null }],
        groups: [],
        policy: "utility",
        password: { verifier, length: 16, classes: 4, repeats: false },
        mustChange: false,
      },
    };
    const decision = decide(ledger.prepared, submission);
    assert(decision.ok, "an account can be created");
    const { at, requestId, command } = submission;
    const content = { at, actor, requestId, kind: command.kind, ...decision.value };
    ledger.stage(content, { node, term: 1, start: 1 });
    if (index % 1_000 !== 999 && index !== count - 1) continue;
    ledger.flush();
    ledger.commit(ledger.head.seq);
  }
  ledger.saveSnapshot();
  ledger.close();
}
