import assert from "node:assert/strict";
import { test } from "node:test";
import { OctetString } from "@peculiar/asn1-schema";
import { Extension } from "@peculiar/asn1-x509";
import type { Bytes } from "@gridward/core/base/bytes";
import { encodeUserRoles, userRolesOid } from "@gridward/core/codec/iec-user-roles";
import { roleIds } from "@gridward/core/domain/roles";
import { testAuthority } from "../test-authority.ts";
import { reissue } from "../test-reissue.ts";
import { claimedRolesOf } from "./claimed-roles.ts";

const authority = testAuthority("Utility", Date.UTC(2027, 0, 1));
const { certificate } = authority.issue({ profile: "person", hosts: [] });

function claimed(value: Bytes): readonly string[] {
  const extnValue = new OctetString(new Uint8Array(value).buffer);
  return claimedRolesOf(
    reissue(certificate, authority.key, ({ extensions }) => {
      extensions?.push(new Extension({ extnID: userRolesOid, critical: false, extnValue }));
    }),
  );
}

test("[X18][AM2] what a certificate says of roles is told in a line for each entry", () => {
  assert.deepEqual(claimedRolesOf(certificate), []);
  const shared = { operation: null, statusChangeSequenceNumber: null };
  const encoded = encodeUserRoles([
    { ...shared, userRole: [1, 2], aor: "SS1/BAY-A", revision: 7, roleDefinition: "IEC62351-8" },
    {
      ...shared,
      userRole: [roleIds.SECADM, -17],
      aor: "*\u{1B}[2J",
      revision: 0,
      roleDefinition: "own",
    },
  ]);
  assert.ok(encoded.ok);
  assert.deepEqual(claimed(encoded.value), [
    "OPERATOR, ENGINEER in SS1/BAY-A (IEC62351-8, revision 7)",
    "SECADM, -17 in *\u{FFFD}[2J (own, revision 0)",
  ]);
});

test("[X18] what cannot be read is said to be so, and throws nothing", () => {
  assert.deepEqual(claimed(new TextEncoder().encode("OPERATOR")), ["unreadable: not IECUserRoles"]);
  assert.deepEqual(claimed(new Uint8Array(0)), ["unreadable: not IECUserRoles"]);
});
