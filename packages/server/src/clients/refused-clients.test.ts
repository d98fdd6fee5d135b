import assert from "node:assert/strict";
import { test } from "node:test";
import { minute } from "@gridward/core/base/time";
import { refuse } from "@gridward/core/domain/refusal";
import type { RefusedClient } from "./client-gate.ts";
import { tellRefused } from "./refused-clients.ts";

function aRefused(source: string, detail = "T09"): RefusedClient {
  const refusal = refuse("client-certificate.required", detail).error;
  return { door: "ldap", source, refusal, facts: "", client: null };
}

test("[CL7][CS6] the same refusal is told once a minute, with how many came since", () => {
  const said: (readonly [string, number])[] = [];
  let at = 0;
  const tell = tellRefused(
    ({ source }, more) => said.push([source, more]),
    () => at,
  );
  for (let count = 0; count < 5; count++) tell(aRefused("192.0.2.7"));
  tell(aRefused("192.0.2.8"));
  tell(aRefused("192.0.2.7", "T03"));
  at += minute;
  tell(aRefused("192.0.2.7"));
  assert.deepEqual(said, [
    ["192.0.2.7", 0],
    ["192.0.2.8", 0],
    ["192.0.2.7", 0],
    ["192.0.2.7", 4],
  ]);
});

test("[CL7] strangers of any number take bounded memory, and every new one is told", () => {
  let count = 0;
  const tell = tellRefused(
    () => count++,
    () => 0,
  );
  for (let index = 0; index < 3_000; index++) tell(aRefused(`10.0.${index >> 8}.${index & 255}`));
  assert.equal(count, 3_000);
});
