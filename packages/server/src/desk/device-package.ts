import { issuingAuthority } from "@gridward/core/domain/authority-in-use";
import type { DevicePackage } from "@gridward/core/api/device-package";
import type { ChangeAnswer } from "@gridward/core/api/route";
import { encodeHex, type Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { day, rfc3339, type Instant } from "@gridward/core/base/time";
import type { Command } from "@gridward/core/domain/command";
import type { Refusal } from "@gridward/core/domain/refusal";
import { singleKey, type DirectoryState } from "@gridward/core/domain/state";
import type { DeviceRow, ServerRow } from "@gridward/core/domain/types";
import { sha256 } from "@gridward/runtime/os/hash";
import { codeFor, sealCode } from "../one-time-code.ts";
import type { Caller } from "./caller.ts";
import type { DeskParts } from "./desk-parts.ts";
import { findDevice } from "./find-row.ts";
import { checkTakesChanges, giveOrder, systemKeyOf } from "./order.ts";

/** Engineering of a bay and its commissioning may lie weeks apart; the domain allows 30 days. */
const packageValidity = 14 * day;

type PackageAnswer = ChangeAnswer & { readonly package: DevicePackage | null };

/** Issues a device's one-time code and puts it with everything else a device must know. */
export async function makeDevicePackage(
  parts: DeskParts,
  order: {
    readonly name: string;
    readonly caller: Caller;
    readonly dryRun: boolean | undefined;
  },
): Promise<Result<PackageAnswer, Refusal>> {
  const { front } = parts;
  const takes = checkTakesChanges(front);
  if (!takes.ok) return takes;
  const key = systemKeyOf(parts.systemKey);
  if (!key.ok) return key;
  const device = findDevice(front.state(), order.name);
  if (!device.ok) return device;
  const { id } = device.value;
  const code = codeFor(key.value, "device enrolment", order.caller.requestId);
  const expiresAt = front.now() + packageValidity;
  const verifier = sealCode(key.value, "device enrolment", code);
  const command: Command = { kind: "issue-device-code", id, verifier, expiresAt };
  const done = await giveOrder(front, { ...order, command });
  if (!done.ok) return done;
  if (done.value.dry_run) return ok({ ...done.value, package: null });
  // A retry shows the end that the first outcome set.
  const issued = front.state().tables.devices.get(id)?.enrolment?.expiresAt ?? expiresAt;
  const made = packageOf(front.state(), device.value, { code, expiresAt: issued });
  return made.ok ? ok({ ...done.value, package: made.value }) : made;
}

function packageOf(
  state: DirectoryState,
  device: DeviceRow,
  enrolment: { readonly code: Secret<string>; readonly expiresAt: Instant },
): Result<DevicePackage, Refusal> {
  const system = state.tables.system.get(singleKey);
  const authority = issuingAuthority(state);
  const group = state.tables.groups.get(device.group);
  if (system === undefined || authority === undefined) {
    return err({ code: "system.blank", detail: "" });
  }
  return ok({
    kind: "gridward-device-package",
    version: 1,
    system: {
      id: system.id,
      base: system.base,
      site: system.site,
      certificate: authority.certificate,
    },
    servers: serversOf(state).map(packageServer),
    device: {
      id: device.id,
      name: device.name,
      group: { id: device.group, name: group?.name ?? device.group },
    },
    enrolment: { code: enrolment.code.reveal(), expires_at: rfc3339(enrolment.expiresAt) },
  });
}

/** The Main of the day first: it is asked first until the device knows better. */
export function serversOf(state: DirectoryState): readonly ServerRow[] {
  const owner = state.tables.pair.get(singleKey)?.owner;
  const rank = (server: ServerRow): string => `${server.id === owner ? 0 : 1} ${server.name}`;
  return [...state.tables.servers.values()].toSorted((left, right) =>
    rank(left) < rank(right) ? -1 : 1,
  );
}

function packageServer(server: ServerRow): DevicePackage["servers"][number] {
  return {
    name: server.name,
    addresses: [server.address],
    ports: server.ports,
    pairing_fingerprint: pairingFingerprint(server),
  };
}

/** SHA-256 of the 32 raw bytes of the pairing key, lower-case hexadecimal. */
export function pairingFingerprint({ pairingKey }: ServerRow): string {
  const raw: Bytes = Buffer.from(pairingKey, "base64url");
  return encodeHex(sha256(raw));
}
