import type { DeviceListRow, DeviceView } from "@gridward/core/api/device-routes";
import { rfc3339, type Instant } from "@gridward/core/base/time";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { DeviceRow } from "@gridward/core/domain/types";
import { timeOrNull } from "./show-account.ts";
import { certificateState } from "./show-certificate.ts";

/** A device as lists show it. */
export function showDeviceRow(
  state: DirectoryState,
  device: DeviceRow,
  now: Instant,
): DeviceListRow {
  return {
    name: device.name,
    manufacturer: device.manufacturer,
    type: device.type,
    group: state.tables.groups.get(device.group)?.name ?? device.group,
    status: statusOf(state, device, now),
    replication: device.replication.enabled ? "on" : "off",
    certificate_not_after: timeOrNull(device.certificate?.notAfter ?? null),
    changed_at: rfc3339(device.changedAt),
  };
}

/** PK6: a device that enrolled and that no server would admit with what it got. */
function statusOf(state: DirectoryState, device: DeviceRow, now: Instant): DeviceListRow["status"] {
  const { status } = device;
  if (status !== "enrolled") return status;
  return ownState(state, device, now) === "valid" ? status : "invalid certificate";
}

function ownState({ tables }: DirectoryState, { certificate }: DeviceRow, now: Instant) {
  const row = certificate === null ? undefined : tables.certificates.get(certificate.serial);
  return row === undefined ? "revoked" : certificateState(row, now);
}

export function showDevice(state: DirectoryState, device: DeviceRow, now: Instant): DeviceView {
  const { certificate } = device;
  return {
    id: device.id,
    ...showDeviceRow(state, device, now),
    area: device.area,
    access_points: device.accessPoints.map(({ name, ip }) => ({ name, ip })),
    certificate: certificate && {
      serial: certificate.serial,
      fingerprint: certificate.fingerprint,
      not_after: rfc3339(certificate.notAfter),
      state: ownState(state, device, now),
    },
    code_expires_at: timeOrNull(device.enrolment?.expiresAt ?? null),
    replication_revision: device.replication.revision,
    created_at: rfc3339(device.createdAt),
  };
}
