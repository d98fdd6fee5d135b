import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId } from "@gridward/core/base/identity";
import { day } from "@gridward/core/base/time";
import type { EraseOrder } from "@gridward/core/codec/replica/manifest";
import { testAuthority } from "../trust/test-authority.ts";
import { createSigningKey } from "../trust/x509/keys.ts";
import { checkSigned, signBody } from "./signature.ts";

const now = Date.UTC(2026, 5, 1);
const node = nodeId("01ARZ3NDEKTSV4RRFFQ69G5FAA");
const name = { kind: "server", node } as const;
const ours = testAuthority("Ours", now - day);
const theirs = testAuthority("Theirs", now - day);
const signer = ours.issue({ profile: "replica-signer", name });
const order: EraseOrder = {
  systemId: "system",
  device: "device",
  duty: "main",
  fresh: true,
  term: 1,
  revision: 2,
  nonce: "n".repeat(43),
  at: now,
};
const signed = signBody(signer, "erase", order);

test("[RK1][DV5] a replica signer of the system is believed, and who it is", () => {
  assert.deepEqual(checkSigned([ours.certificate], "erase", signed, now), {
    ok: true,
    value: node,
  });
  // At rest the dates of the certificate are not judged.
  assert.ok(checkSigned([ours.certificate], "erase", signed, null).ok);
});

test("[RK2][DV5] everybody else and every change is refused", () => {
  const server = ours.issue({ profile: "server", name });
  const stranger = theirs.issue({ profile: "replica-signer", name });
  const nameless = ours.issue({ profile: "replica-signer" });
  const otherKey = { ...signer, key: createSigningKey() };
  const asServer = { ...signed, signer: server.certificate.raw.toString("base64url") };
  const refused: readonly (readonly [string, ReturnType<typeof checkSigned>])[] = [
    ["another authority", checkSigned([theirs.certificate], "erase", signed, now)],
    ["another kind", checkSigned([ours.certificate], "statement", signed, now)],
    ["expired", checkSigned([ours.certificate], "erase", signed, now + 4_000 * day)],
    ["a server's certificate", checkSigned([ours.certificate], "erase", asServer, now)],
    ...[stranger, nameless, otherKey].map(
      (one) => ["a stranger", check(signBody(one, "erase", order))] as const,
    ),
    ["no certificate", check({ ...signed, signer: "AAAA" })],
    ["another body", check({ ...signed, body: { ...order, revision: 3 } })],
    ["another signature", check({ ...signed, signature: "A".repeat(86) })],
  ];
  for (const [what, outcome] of refused) assert.equal(outcome.ok, false, what);
});

function check(one: typeof signed): ReturnType<typeof checkSigned> {
  return checkSigned([ours.certificate], "erase", one, now);
}
