import type { DeviceListRow, DeviceView } from "@gridward/core/api/device-routes";
import { rfc3339 } from "@gridward/core/base/time";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { DeviceRow } from "@gridward/core/domain/types";
import { timeOrNull } from "./show-account.ts";

/** A device as lists show it. */
export function showDeviceRow(state: DirectoryState, device: DeviceRow): DeviceListRow {
  return {
    name: device.name,
    manufacturer: device.manufacturer,
    type: device.type,
    group: state.tables.groups.get(device.group)?.name ?? device.group,
    status: device.status,
    replication: device.replication.enabled ? "on" : "off",
    certificate_not_after: timeOrNull(device.certificate?.notAfter ?? null),
    changed_at: rfc3339(device.changedAt),
  };
}

export function showDevice(state: DirectoryState, device: DeviceRow): DeviceView {
  const { certificate } = device;
  return {
    id: device.id,
    ...showDeviceRow(state, device),
    area: device.area,
    access_points: device.accessPoints.map(({ name, ip }) => ({ name, ip })),
    certificate: certificate && {
      serial: certificate.serial,
      fingerprint: certificate.fingerprint,
      not_after: rfc3339(certificate.notAfter),
    },
    code_expires_at: timeOrNull(device.enrolment?.expiresAt ?? null),
    replication_revision: device.replication.revision,
    created_at: rfc3339(device.createdAt),
  };
}
