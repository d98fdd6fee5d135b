import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "@gridward/core/base/secret";
import { ok } from "@gridward/core/base/result";
import { origin } from "@gridward/core/domain/entry";
import { createSigningKey } from "@gridward/runtime/trust/x509/keys";
import { aSystem } from "../a-system.ts";
import { enrolDevice, revoke } from "../ca/a-revocation.ts";
import { judgeDevice } from "./judge-device.ts";

test("[CA7][PK5] an open session of a device learns that its certificate is revoked", () => {
  for (const [reason, code] of [
    ["keyCompromise", "revoked"],
    ["privilegeWithdrawn", "revoked"],
    ["superseded", "not-enrolled"],
  ] as const) {
    const system = aSystem(Date.UTC(2027, 0, 1));
    const { device, row } = enrolDevice(system);
    const about = { state: "lone", canSignIn: true, fresh: true, ageMs: 0, at: 0 } as const;
    const parts = {
      committed: () => ({ state: system.front.state(), position: origin }),
      condition: () => ({ ...about, node: system.self.node, duty: "main" as const }),
      signer: () => ({ certificate: system.authority, key: createSigningKey() }),
      clock: { now: system.front.now },
      openReplicaKey: () => ok(new Secret(new Uint8Array(32))),
    };
    const group = system.front.state().tables.devices.get(device)?.group ?? "";
    const claim = { device, fingerprint: row.fingerprint, group, seen: null };
    const judge = (): string => {
      const judged = judgeDevice(parts, claim);
      return judged.ok ? "served" : judged.error.code;
    };
    assert.equal(judge(), "served");
    revoke(system, row, reason);
    assert.equal(judge(), code);
  }
});
