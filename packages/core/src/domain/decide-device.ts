import { day, type Instant } from "../base/time.ts";
import type { NewDevice, Submission } from "./command.ts";
import type { Fact } from "./fact.ts";
import { decided, type CommandOf, type Decision } from "./decision.ts";
import {
  accessPointsPerDeviceMax,
  deviceCertificatesPerDayMax,
  deviceCodeValidityMax,
  devicesPerCommandMax,
  displayNameLengthMax,
} from "./limits.ts";
import { hostsOfDevice, hostsOfServer } from "./certified-hosts.ts";
import { heldCertificate } from "./device-certificate.ts";
import { isArea, isPlainText, isProperName } from "./names.ts";
import { refuse, type RefusalCode } from "./refusal.ts";
import type { DirectoryState } from "./state.ts";
import type { CertificateRow, DeviceRow } from "./types.ts";

/** All or none (AM6): the refusal names every bad row with its number, counted from 1. */
export function registerDevices(
  state: DirectoryState,
  command: CommandOf<"register-devices">,
  { at }: Submission,
): Decision {
  const { devices, group } = command;
  if (!state.tables.groups.has(group)) return refuse("group.not-found", group);
  if (devices.length === 0) return refuse("device.none", "");
  if (devices.length > devicesPerCommandMax) {
    return refuse("device.too-many", String(devices.length));
  }
  const taken = new Set<string>();
  for (const { name, id } of state.tables.devices.values()) taken.add(id).add(name.toLowerCase());
  const servers = new Set([...state.tables.servers.values()].flatMap(hostsOfServer));
  const wrong: string[] = [];
  for (const [index, device] of devices.entries()) {
    const reason = findFault(device, taken, servers);
    if (reason !== undefined) {
      wrong.push(`row ${index + 1} (${device.name.slice(0, 64)}): ${reason}`);
    }
    taken.add(device.id).add(device.name.toLowerCase());
  }
  if (wrong.length > 0) return refuse("device.bad-rows", wrong.join("; "));
  return decided(
    devices.map((device) => ({
      kind: "device-registered",
      device: registered(device, command.group, at),
    })),
    { count: devices.length },
  );
}

function findFault(
  device: NewDevice,
  taken: ReadonlySet<string>,
  servers: ReadonlySet<string>,
): string | undefined {
  const { name, manufacturer, type, accessPoints, area } = device;
  if (!isProperName(name)) return "the name is not 1 to 64 of A-Z, a-z, 0-9, dot, - and _";
  if (taken.has(name.toLowerCase())) return "a device with this name exists";
  if (taken.has(device.id)) return "the id is not new";
  if (!isPlainText(`${manufacturer}${type}`, displayNameLengthMax)) {
    return "manufacturer and type are longer than 128 characters or hold control characters";
  }
  if (accessPoints.length > accessPointsPerDeviceMax) return "more than 32 access points";
  for (const point of accessPoints) {
    if (!isPlainText(`${point.name}${point.ip ?? ""}`, displayNameLengthMax)) {
      return "an access point's name is longer than 128 characters or holds control characters";
    }
  }
  // Its certificate names them, and would do for whoever dials the server.
  const shared = hostsOfDevice(device).find((host) => servers.has(host));
  if (shared !== undefined) {
    return `${shared} is the name or address of a server, give the device another`;
  }
  return isArea(area) ? undefined : "the area is not a path such as Station/Bay";
}

function registered(device: NewDevice, group: DeviceRow["group"], at: Instant): DeviceRow {
  return {
    ...device,
    group,
    status: "registered",
    enrolment: null,
    certificate: null,
    earlier: null,
    replication: { enabled: true, revision: 1 },
    keyVersion: 1,
    createdAt: at,
    changedAt: at,
  };
}

export function issueDeviceCode(
  state: DirectoryState,
  command: CommandOf<"issue-device-code">,
  { at }: Submission,
): Decision {
  const device = state.tables.devices.get(command.id);
  if (device === undefined) return refuse("device.not-found", command.id);
  if (device.status === "lost") return refuse("device.lost", device.name);
  const { verifier, expiresAt } = command;
  if (!(expiresAt > at && expiresAt <= at + deviceCodeValidityMax)) {
    return refuse("enrolment.bad-code", device.name);
  }
  return decided([{ kind: "device-code-issued", id: device.id, verifier, expiresAt }]);
}

/** After EST checked the code and signed the request; the code is used up with it. */
export function enrolDevice(
  state: DirectoryState,
  command: CommandOf<"enrol-device">,
  { at }: Submission,
): Decision {
  const device = state.tables.devices.get(command.id);
  if (device === undefined) return refuse("device.not-found", command.id);
  if (device.status === "lost") return refuse("device.lost", device.name);
  if (device.enrolment === null) return refuse("enrolment.used", device.name);
  if (device.enrolment.expiresAt <= at) return refuse("enrolment.expired", device.name);
  const { certificate, encoded } = command;
  if (certificate.profile !== "device") return refuse("certificate.wrong-profile", device.name);
  const { serial, fingerprint, notAfter } = certificate;
  if (state.tables.certificates.has(serial)) return refuse("certificate.exists", serial);
  return decided(
    [
      { kind: "certificate-issued", certificate },
      { kind: "device-enrolled", id: device.id, serial, fingerprint, notAfter },
    ],
    encoded === undefined ? {} : { certificate: encoded },
  );
}

/**
 * PK8: the device showed a certificate that counts and is in its time. That one stays beside the
 * new one for some days, which may be lost on the way; whatever else the device had counts no more.
 */
export function renewDevice(
  state: DirectoryState,
  { id, of, certificate, encoded }: CommandOf<"renew-device">,
  { at }: Submission,
): Decision {
  const device = state.tables.devices.get(id);
  if (device === undefined) return refuse("device.not-found", id);
  if (device.status === "lost") return refuse("device.lost", device.name);
  const shown = heldCertificate(state, device, at, ({ serial }) => serial === of);
  if (shown === null || shown.notAfter <= at) return refuse("enrolment.not-renewed", device.name);
  if (issuedSince(state, device, at - day) >= deviceCertificatesPerDayMax) {
    return refuse("enrolment.too-often", device.name);
  }
  if (certificate.profile !== "device") return refuse("certificate.wrong-profile", device.name);
  const { serial, fingerprint, notAfter } = certificate;
  if (state.tables.certificates.has(serial)) return refuse("certificate.exists", serial);
  return decided(
    [
      { kind: "certificate-issued", certificate },
      { kind: "device-renewed", id, of, serial, fingerprint, notAfter },
    ],
    encoded === undefined ? {} : { certificate: encoded },
  );
}

/**
 * The device was seen in use of the certificate that it renewed to: the one with which it renewed
 * has served its purpose, and whoever has the key of it is not the device any more.
 */
export function confirmRenewal(
  state: DirectoryState,
  { id, serial }: CommandOf<"confirm-renewal">,
): Decision {
  const device = state.tables.devices.get(id);
  if (device === undefined) return refuse("device.not-found", id);
  const { certificate, earlier, name } = device;
  if (certificate?.serial !== serial || earlier === null) {
    return refuse("device.nothing-to-confirm", name);
  }
  return decided([{ kind: "device-renewal-confirmed", id, of: earlier.serial, serial }]);
}

function issuedSince({ tables }: DirectoryState, { name }: DeviceRow, since: Instant): number {
  return tables.certificates.count(
    (row) => row.profile === "device" && row.name === name && row.notBefore > since,
  );
}

/**
 * CS14: by a person who compared the fingerprint. The certificate may be one that a restored backup
 * does not know of; one that was revoked is never admitted.
 */
export function admitDevice(
  state: DirectoryState,
  { id, certificate }: CommandOf<"admit-device">,
  { at }: Submission,
): Decision {
  const device = state.tables.devices.get(id);
  if (device === undefined) return refuse("device.not-found", id);
  if (device.status === "lost") return refuse("device.lost", device.name);
  const { serial, fingerprint, notAfter } = certificate;
  const known = state.tables.certificates.get(serial);
  const code = objectionToAdmission(certificate, known);
  if (code !== undefined) return refuse(code, device.name);
  if (notAfter <= at) return refuse("approval.expired", device.name);
  const isHeld = heldCertificate(state, device, at, (held) => held.serial === serial) !== null;
  if (isHeld) return refuse("approval.not-needed", device.name);
  const issued: readonly Fact[] = known ? [] : [{ kind: "certificate-issued", certificate }];
  const enrolled: Fact = { kind: "device-enrolled", id, serial, fingerprint, notAfter };
  return decided([...issued, enrolled], { id });
}

/** What is known of a serial number counts more than what a certificate says. */
function objectionToAdmission(
  certificate: CertificateRow,
  known: CertificateRow | undefined,
): RefusalCode | undefined {
  const isSame = known === undefined || known.fingerprint === certificate.fingerprint;
  const isDevice = [certificate, known ?? certificate].every(({ profile }) => profile === "device");
  if (!isSame || !isDevice) return "certificate.wrong-profile";
  return known?.revoked ? "certificate.already-revoked" : undefined;
}

/** DV3: the revision rises with every change, so that a device tells the newer setting. */
export function setReplication(
  state: DirectoryState,
  command: CommandOf<"set-replication">,
): Decision {
  const device = state.tables.devices.get(command.id);
  if (device === undefined) return refuse("device.not-found", command.id);
  const { enabled } = command;
  if (device.replication.enabled === enabled) {
    return refuse("device.replication-unchanged", device.name);
  }
  const revision = device.replication.revision + 1;
  return decided([{ kind: "device-replication-set", id: device.id, enabled, revision }], {
    revision,
  });
}
