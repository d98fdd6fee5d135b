import type { Command } from "commander";
import { deviceRoutes } from "@gridward/core/api/device-routes";
import { utf8 } from "@gridward/core/base/bytes";
import { ok, type Result } from "@gridward/core/base/result";
import { decodeScl } from "@gridward/core/codec/scl";
import { sclLimits, type SclDevice, type SclFile } from "@gridward/core/codec/scl/scl-file";
import {
  errorCode,
  newFileFault,
  readFileBounded,
  writeFileAtomic,
} from "@gridward/runtime/os/files";
import { carryOut, changeQuery, talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import { costsSay, readCosts } from "./costs.ts";
import { addDeviceCertificateVerbs } from "./device-certificates.ts";
import { failed, type CommandFailure } from "./failure.ts";
import { order, shown, shownRows, wholeList, type ListOptions } from "./order.ts";

interface DeviceListOptions extends ListOptions {
  readonly group?: string;
}

interface DeviceOptions {
  readonly group: string;
  readonly manufacturer?: string;
  readonly type?: string;
  readonly area?: string;
}

interface PackageOptions {
  readonly out: string;
  readonly cost?: string;
}

/** gridward device … */
export function addDeviceVerbs(root: Command, cli: Cli): void {
  const device = root.command("device").description("protection devices, gateways, RTUs, HMIs");
  addViews(device, cli);
  device
    .command("create <name>")
    .description("register a device")
    .requiredOption("--group <group>", "replication group that it follows")
    .option("--manufacturer <text>", "who made it")
    .option("--type <text>", "what it is")
    .option("--area <path>", "area of responsibility, such as Hill/Q01")
    .action(async (name: string, options: DeviceOptions, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const { group, manufacturer, type, area } = options;
        const body = { name, group, manufacturer, type, area };
        const input = { params: {}, query: changeQuery(asked), body };
        return shown(await order({ cli, asked }, deviceRoutes.deviceCreate, input));
      }),
    );
  device
    .command("package <name>")
    .description("write the package with which a device enrols; keep it like a key")
    .requiredOption("--out <file>", "where to write it")
    .option("--cost <costs>", costsSay)
    .action(async (name: string, options: PackageOptions, command: Command) =>
      carryOut(cli, command, async (asked) => writePackage(cli, asked, name, options)),
    );
  device
    .command("import-scl <file>")
    .description("register the devices of a substation file (SCD, CID, ICD, IID)")
    .requiredOption("--group <group>", "replication group that they follow")
    .action(async (file: string, { group }: { readonly group: string }, command: Command) =>
      carryOut(cli, command, async (asked) => importScl(cli, asked, { file, group })),
    );
  addReplicationVerbs(device, cli);
  addDeviceCertificateVerbs(device, cli);
}

function addViews(device: Command, cli: Cli): void {
  device
    .command("list")
    .description("list devices")
    .option("--search <text>", "only those with this in name, make or type")
    .option("--sort <column>", 'column, "-" before it for falling order')
    .option("--limit <count>", "at most so many")
    .option("--group <group>", "only those that follow this group")
    .action(async (options: DeviceListOptions, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const { search, sort, group } = options;
        return shownRows(
          await wholeList(options, async (query) =>
            order({ cli, asked }, deviceRoutes.deviceList, {
              params: {},
              query: { search, sort, group, ...query },
              body: null,
            }),
          ),
        );
      }),
    );
  device
    .command("show <name>")
    .description("show one device")
    .action(async (name: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const input = { params: { name }, query: {}, body: null };
        return shown(await order({ cli, asked }, deviceRoutes.deviceShow, input));
      }),
    );
}

function addReplicationVerbs(device: Command, cli: Cli): void {
  const replication = device.command("replication").description("the local replica of a device");
  for (const state of ["on", "off"] as const) {
    replication
      .command(`${state} <name>`)
      .description(`switch the replica of a device ${state}`)
      .action(async (name: string, _: unknown, command: Command) =>
        carryOut(cli, command, async (asked) => {
          const body = { enabled: state === "on" };
          const input = { params: { name }, query: changeQuery(asked), body };
          return shown(await order({ cli, asked }, deviceRoutes.deviceReplication, input));
        }),
      );
  }
}

async function writePackage(
  cli: Cli,
  asked: Asked,
  name: string,
  { out, cost }: PackageOptions,
): Promise<Outcome> {
  const costs = readCosts(cost);
  if (!costs.ok) return costs;
  // Before there is a new code: it voids the one in an earlier package.
  const fault = newFileFault(out);
  if (fault !== undefined) return failed("client.new-file", fault);
  const body = cost === undefined ? null : { costs: Object.fromEntries(costs.value) };
  const input = { params: { name }, query: changeQuery(asked), body };
  const made = await order({ cli, asked }, deviceRoutes.devicePackage, input);
  if (!made.ok) return made;
  const { package: content, ...change } = made.value.data;
  const { meta } = made.value;
  if (content === null) return ok({ data: { ...change, file: null }, meta });
  try {
    writeFileAtomic(out, utf8(`${JSON.stringify(content, null, 2)}\n`));
  } catch (error) {
    if (errorCode(error) === "") throw error;
    return failed("client.file", `${out}: ${errorCode(error)}`);
  }
  const { expires_at } = content.enrolment;
  return ok({ data: { ...change, device: name, file: out, expires_at }, meta });
}

async function importScl(
  cli: Cli,
  asked: Asked,
  { file, group }: { readonly file: string; readonly group: string },
): Promise<Outcome> {
  const station = readStation(file);
  if (!station.ok) return station;
  for (const note of station.value.notes) talk(cli, asked, `note: ${note}`);
  const devices = station.value.devices.map(wantedDevice);
  const input = { params: {}, query: changeQuery(asked), body: { group, devices } };
  const imported = await order({ cli, asked }, deviceRoutes.deviceImport, input);
  if (!imported.ok) return imported;
  const outcomes = new Map(imported.value.data.rows.map((row) => [row.name, row]));
  const rows = devices.map(({ name, manufacturer, type, access_points: points }) => ({
    name,
    manufacturer,
    type,
    access_points: points.map((point) => point.name),
    ip: points.find((point) => point.ip !== null)?.ip ?? null,
    outcome: outcomes.get(name)?.outcome ?? null,
    reason: outcomes.get(name)?.reason ?? null,
  }));
  const { meta } = imported.value;
  return ok({ data: rows, meta });
}

function readStation(file: string): Result<SclFile, CommandFailure> {
  const bytes = readFileBounded(file, sclLimits.bytesMax + 1);
  if (!bytes.ok) return failed("client.file", `${file}: ${bytes.error}`);
  const station = decodeScl([bytes.value]);
  if (station.ok) return station;
  const { code, detail, remedy } = station.error;
  return {
    ok: false,
    error: {
      exit: 2,
      error: { code: `scl.${code}`, message: detail, remedy, where: file, next: [], id: null },
    },
  };
}

function wantedDevice({ name, manufacturer, type, accessPoints }: SclDevice) {
  const points = accessPoints.map((point) => ({ name: point.name, ip: point.ip ?? null }));
  return { name, manufacturer, type, access_points: points };
}
