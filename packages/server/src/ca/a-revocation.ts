import { deviceId, groupId, type DeviceId } from "@gridward/core/base/identity";
import { assert } from "@gridward/core/base/result";
import { hour } from "@gridward/core/base/time";
import type { CertificateRow } from "@gridward/core/domain/types";
import { freshId, freshRequestId } from "@gridward/runtime/os/random";
import { sealText } from "@gridward/runtime/os/seal";
import { Secret } from "@gridward/core/base/secret";
import { createTlsKey } from "@gridward/runtime/trust/x509/keys";
import { createRequest } from "@gridward/runtime/trust/x509/request";
import type { TestSystem } from "../a-system.ts";
import { authorityId } from "./authority.ts";
import { revocationUrls } from "./crl-place.ts";
import { issueDevice, type Issued } from "./issue.ts";

/** For tests: a device of a system, enrolled, with its certificate. */
export function enrolDevice(system: TestSystem): Issued & { readonly device: DeviceId } {
  const { front, systemKey, order } = system;
  const [device, group] = [deviceId(freshId()), groupId(freshId())];
  order({ kind: "create-group", id: group, name: "bay1", description: "" });
  const about = { manufacturer: "", type: "", accessPoints: [], area: "Hill/Q01" };
  order({ kind: "register-devices", devices: [{ id: device, name: "Q01", ...about }], group });
  const verifier = sealText(systemKey, "code", new Secret("code"));
  const expiresAt = front.now() + hour;
  order({ kind: "issue-device-code", id: device, verifier, expiresAt });
  const row = front.state().tables.devices.get(device);
  const authority = front.state().tables.authorities.get(authorityId);
  assert(row !== undefined && authority !== undefined, "the system has both");
  const request = createRequest(createTlsKey(), "Q01");
  const now = front.now();
  const revocation = revocationUrls(front.state());
  const issued = issueDevice({ authority, systemKey, request, revocation, now }, row);
  assert(issued.ok, "the authority issues");
  void front.submit({
    command: { kind: "enrol-device", id: device, certificate: issued.value.row },
    actor: { kind: "device", id: device, name: "Q01", door: "https", source: "" },
    requestId: freshRequestId(),
  });
  return { ...issued.value, device };
}

export function revoke(
  { order }: TestSystem,
  { serial }: Pick<CertificateRow, "serial">,
  reason: NonNullable<CertificateRow["revoked"]>["reason"] = "keyCompromise",
): void {
  order({ kind: "revoke-certificate", serial, reason });
}
