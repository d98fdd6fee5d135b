import assert from "node:assert/strict";
import { test } from "node:test";
import { areas, checkLayers } from "./layers.ts";

/** A tree that breaks no rule, with `more` planted into it. */
function breaches(more: Readonly<Record<string, string>>): readonly string[] {
  const clean = {
    "packages/core/src/base/result.ts": "export const one = 1;\n",
    "packages/core/src/codec/ber.ts": 'import { one } from "../base/result.ts";\n',
    "packages/core/src/domain/state.ts": 'import type { one } from "../base/result.ts";\n',
    "packages/runtime/src/os/clock.ts": 'import { hrtime } from "node:process";\n',
    "packages/runtime/src/journal/journal.ts": 'import { DatabaseSync } from "node:sqlite";\n',
    "packages/server/src/frontends/ldap/serve.ts": 'import { createServer } from "node:tls";\n',
    "packages/server/src/frontends/est/serve.ts": 'import "@gridward/core/domain/state";\n',
    "packages/server/src/main.ts": [
      'import "@gridward/core/codec/ber";',
      'import "@gridward/runtime/os/clock";',
      'import "@gridward/runtime/journal/journal";',
      'import "./listen.ts";',
    ].join("\n"),
    "packages/server/src/listen.ts":
      'import "./frontends/ldap/serve.ts";\nimport "./frontends/est/serve.ts";\n',
  };
  return checkLayers(new Map(Object.entries({ ...clean, ...more })));
}

const planted: readonly (readonly [string, string, string, string])[] = [
  [
    "domain to codec",
    "core/src/domain/x.test.ts",
    "../codec/ber.ts",
    "core/domain may not import core/codec",
  ],
  ["domain to files", "core/src/domain/state.ts", "node:fs", "core/domain may not import node:fs"],
  [
    "codec to domain",
    "core/src/codec/x.test.ts",
    "../domain/state.ts",
    "core/codec may not import core/domain",
  ],
  [
    "base to anything",
    "core/src/base/x.test.ts",
    "../domain/state.ts",
    "core/base may not import core/domain",
  ],
  ["core to a stranger", "core/src/base/x.test.ts", "pino", "core may not import pino"],
  [
    "runtime to api",
    "runtime/src/link/x.test.ts",
    "@gridward/core/api/a",
    "runtime may not import core/api",
  ],
  [
    "server to ied",
    "server/src/pair/x.test.ts",
    "@gridward/ied/main",
    "server may not import ied/main",
  ],
  [
    "cli to journal",
    "cli/src/main.ts",
    "@gridward/runtime/journal/journal",
    "cli/main may not import runtime/journal",
  ],
  [
    "cli to server",
    "cli/src/main.ts",
    "@gridward/server/main",
    "cli/main may not import server/main",
  ],
  ["server to sim", "server/src/main.ts", "@gridward/sim/world", "server/main may not import sim"],
  [
    "server to a process",
    "server/src/pair/x.ts",
    "node:child_process",
    "server may not import node:child_process",
  ],
  [
    "front end to journal",
    "server/src/frontends/est/serve.ts",
    "@gridward/runtime/journal/journal",
    "server/frontends may not import runtime/journal",
  ],
  [
    "front end to front end",
    "server/src/frontends/est/serve.ts",
    "../ldap/serve.ts",
    "front end est may not import front end ldap",
  ],
];

for (const [what, file, target, sentence] of planted) {
  test(`[WS1] reports ${what}`, () => {
    const found = breaches({ [`packages/${file}`]: `\nimport { x } from "${target}";\n` });
    assert.ok(
      found.some((breach) => breach.startsWith(`packages/${file}:2 ${sentence}`)),
      found.join("\n"),
    );
  });
}

test("[WS1] finds nothing in a clean tree", () => {
  assert.deepEqual(breaches({}), []);
});

test("[WS1] reports randomness outside runtime/os, and not inside", () => {
  const text = 'import {\n  createHash,\n  randomBytes,\n} from "node:crypto";\n';
  assert.deepEqual(breaches({ "packages/server/src/frontends/est/serve.ts": text }).slice(0, 1), [
    "packages/server/src/frontends/est/serve.ts:1 server/frontends may not import randomBytes: " +
      "randomness comes from runtime/os",
  ]);
});

test("[WS1] lets a test use Node and the simulator", () => {
  const text = 'import { test } from "node:test";\nimport "@gridward/sim/main";\n';
  const sim = { "packages/sim/src/main.ts": "export const world = 1;\n" };
  assert.deepEqual(breaches({ "packages/core/src/base/x.test.ts": text, ...sim }), []);
});

test("[WS1] lets a program be started that may not be imported", () => {
  const main = { "packages/ied/src/main.ts": "export const x = 1;\n" };
  const text = 'const ied = new URL("../../ied/src/main.ts", import.meta.url);\n';
  assert.deepEqual(breaches({ ...main, "packages/cli/src/main.ts": text }), []);
});

test("[WS2] reports a cycle as a path, also through types and dynamic imports", () => {
  const a = { "packages/core/src/base/a.ts": 'import type { b } from "./b.ts";\n' };
  const b = { "packages/core/src/base/b.ts": 'const a = await import("./a.ts");\n' };
  assert.deepEqual(breaches({ ...a, ...b }), [
    "cycle: packages/core/src/base/a.ts -> packages/core/src/base/b.ts -> packages/core/src/base/a.ts",
  ]);
});

test("[WS3] reports a file that nothing imports", () => {
  assert.deepEqual(breaches({ "packages/core/src/base/lonely.ts": "export const x = 1;\n" }), [
    "packages/core/src/base/lonely.ts is imported by nothing",
  ]);
});

test("[WS1] names only areas that exist", () => {
  const names = areas.map(({ name }) => name);
  for (const { may } of areas) for (const name of may) assert.ok(names.includes(name), name);
});
