import { deviceRoutes, type ImportRow, type WantedDevice } from "@gridward/core/api/device-routes";
import { deviceId } from "@gridward/core/base/identity";
import { ok } from "@gridward/core/base/result";
import type { Command, NewDevice } from "@gridward/core/domain/command";
import { singleKey, type DirectoryState } from "@gridward/core/domain/state";
import { freshId } from "@gridward/runtime/os/random";
import type { DeskParts } from "./desk-parts.ts";
import { makeDevicePackage } from "./device-package.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { findDevice, findGroup } from "./find-row.ts";
import { giveOrder, repeatedAnswer } from "./order.ts";
import { pageOfRows } from "./page.ts";
import { showDevice, showDeviceRow } from "./show-device.ts";

/** Everything about devices; see `deviceRoutes` for what each does. */
export function deviceEndpoints(
  parts: DeskParts,
): Readonly<Record<keyof typeof deviceRoutes, Endpoint>> {
  const { front } = parts;
  return {
    deviceList: listDevices(parts),
    deviceShow: endpoint(deviceRoutes.deviceShow, ({ params }) => {
      const device = findDevice(front.state(), params.name);
      return device.ok ? ok(showDevice(front.state(), device.value, front.now())) : device;
    }),
    deviceCreate: endpoint(deviceRoutes.deviceCreate, async ({ query, body }, caller) => {
      const state = front.state();
      const group = findGroup(state, body.group);
      if (!group.ok) return group;
      const devices = [newDevice(state, body)];
      const command: Command = { kind: "register-devices", devices, group: group.value.id };
      return giveOrder(front, { command, caller, dryRun: query.dry_run });
    }),
    deviceImport: importDevices(parts),
    devicePackage: endpoint(deviceRoutes.devicePackage, async ({ params, query, body }, caller) => {
      const costs = new Map(Object.entries(body?.costs ?? {}));
      return makeDevicePackage(parts, { ...params, costs, caller, dryRun: query.dry_run });
    }),
    deviceReplication: endpoint(
      deviceRoutes.deviceReplication,
      async ({ params, query, body }, caller) => {
        const device = findDevice(front.state(), params.name);
        if (!device.ok) return device;
        const { enabled } = body;
        const command: Command = { kind: "set-replication", id: device.value.id, enabled };
        return giveOrder(front, { command, caller, dryRun: query.dry_run });
      },
    ),
  };
}

function listDevices({ front }: DeskParts): Endpoint {
  return endpoint(deviceRoutes.deviceList, ({ query }) => {
    const state = front.state();
    const group = query.group === undefined ? ok(null) : findGroup(state, query.group);
    if (!group.ok) return group;
    const rows = state.tables.devices
      .valueSeq()
      .filter((device) => group.value === null || device.group === group.value.id)
      .map((device) => showDeviceRow(state, device, front.now()));
    return pageOfRows(rows, query, (row) => `${row.name} ${row.manufacturer} ${row.type}`);
  });
}

/**
 * A station file is imported again whenever it grew: what is there already is left as it is, what
 * is new is registered, all of it or none.
 */
function importDevices({ front }: DeskParts): Endpoint {
  return endpoint(deviceRoutes.deviceImport, async ({ query, body }, caller) => {
    const repeated = repeatedAnswer(front, caller);
    if (repeated !== undefined) {
      const rows = body.devices.map(({ name }) => importRow(name, "already there"));
      return ok({ ...repeated, rows });
    }
    const state = front.state();
    const group = findGroup(state, body.group);
    if (!group.ok) return group;
    const known = new Set(state.tables.devices.valueSeq().map(({ name }) => name.toLowerCase()));
    const isNew = ({ name }: WantedDevice): boolean => !known.has(name.toLowerCase());
    const rows = body.devices.map((device) =>
      importRow(device.name, isNew(device) ? "new" : "already there"),
    );
    const devices = body.devices.filter(isNew).map((device) => newDevice(state, device));
    if (devices.length === 0) {
      return ok({ sequence: null, id: null, dry_run: query.dry_run === true, rows });
    }
    const command: Command = { kind: "register-devices", devices, group: group.value.id };
    const done = await giveOrder(front, { command, caller, dryRun: query.dry_run });
    return done.ok ? ok({ ...done.value, rows }) : done;
  });
}

function importRow(name: string, outcome: ImportRow["outcome"]): ImportRow {
  return { name, outcome, reason: null };
}

function newDevice(state: DirectoryState, wanted: WantedDevice): NewDevice {
  const site = state.tables.system.get(singleKey)?.site ?? "";
  return {
    id: deviceId(freshId()),
    name: wanted.name,
    manufacturer: wanted.manufacturer ?? "",
    type: wanted.type ?? "",
    accessPoints: wanted.access_points ?? [],
    area: wanted.area ?? `${site}/${wanted.name}`,
  };
}
