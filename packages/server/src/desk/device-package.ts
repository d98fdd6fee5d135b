import { anchorOf, issuingAuthority } from "@gridward/core/domain/authority-in-use";
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
    /** By name of the server; a server that is not named has the usual cost (CS3). */
    readonly costs: ReadonlyMap<string, number>;
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
  // Before there is a new code: it voids the one in an earlier package.
  const stranger = strangerAmong(front.state(), order.costs);
  if (stranger !== undefined) return err({ code: "pair.server-not-found", detail: stranger });
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
  const enrolment = { code, expiresAt: issued };
  const made = packageOf(front.state(), device.value, { enrolment, costs: order.costs });
  return made.ok ? ok({ ...done.value, package: made.value }) : made;
}

/** The first name that no server of the system has. */
function strangerAmong(
  state: DirectoryState,
  costs: ReadonlyMap<string, number>,
): string | undefined {
  const names = new Set(state.tables.servers.valueSeq().map(({ name }) => name));
  return [...costs.keys()].find((name) => !names.has(name));
}

interface PackageChoices {
  readonly enrolment: { readonly code: Secret<string>; readonly expiresAt: Instant };
  readonly costs: ReadonlyMap<string, number>;
}

function packageOf(
  state: DirectoryState,
  device: DeviceRow,
  { enrolment, costs }: PackageChoices,
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
      certificate: anchorOf(authority),
    },
    servers: serversOf(state).map((server) => packageServer(server, costs.get(server.name))),
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

function packageServer(
  server: ServerRow,
  cost: number | undefined,
): DevicePackage["servers"][number] {
  return {
    name: server.name,
    addresses: [server.address],
    ports: server.ports,
    pairing_fingerprint: pairingFingerprint(server),
    ...(cost === undefined ? {} : { cost }),
  };
}

/** SHA-256 of the 32 raw bytes of the pairing key, lower-case hexadecimal. */
export function pairingFingerprint({ pairingKey }: ServerRow): string {
  const raw: Bytes = Buffer.from(pairingKey, "base64url");
  return encodeHex(sha256(raw));
}
