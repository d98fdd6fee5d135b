import assert from "node:assert/strict";
import { test } from "node:test";
import { checkWords } from "./words.ts";

function found(text: string, path = "packages/core/src/base/x.ts"): readonly string[] {
  return checkWords(new Map([[path, text]]));
}

const leftovers = [
  "// TODO later",
  "// @ts-ignore",
  "test.only('x', f);",
  "// oxlint-disable-next-line no-console",
  "// the master server",
  "class AccountManager {",
  "function data() {",
  "const certificateInfo = 1;",
  "const until = certificate.validToDate;",
];

for (const line of leftovers) {
  test(`[WS5] reports ${line.slice(0, 12)}...`, () => {
    assert.equal(found(`ok\n${line}\n`).length, 1);
    assert.match(found(`ok\n${line}\n`)[0] ?? "", /x\.ts:2 /);
  });
}

test("[WS5] reports a file name that says nothing", () => {
  assert.equal(found("", "packages/core/src/base/string-utils.ts").length, 1);
});

test("[WS5] lets honest lines pass", () => {
  const lines = [
    "const commonName = 1;",
    "const signedData = new SignedData();",
    'import { createServer, type AddressInfo } from "node:net";',
    "const database = 1;",
    "const information = 1;",
    'socket.on("data", (chunk) => {});',
    "reader.skip(3);",
    "// oxlint-disable-next-line no-console -- the only way to reach a person here",
  ];
  assert.deepEqual(found(lines.join("\n")), []);
});
