import { Argument, type Command } from "commander";
import type * as z from "zod";
import { rightsRoutes } from "@gridward/core/api/rights-routes";
import type { Json } from "@gridward/core/base/canonical";
import { ok, type Result } from "@gridward/core/base/result";
import { newFileFault } from "@gridward/runtime/os/files";
import type { Answered } from "./api-client.ts";
import { writeOut } from "./ca-file.ts";
import { carryOut, changeQuery, talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import { failed, type CommandFailure } from "./failure.ts";
import { order, shown, shownRows } from "./order.ts";
import { readRightsFile, writeRightsFile } from "./rights-file.ts";

type MapView = z.infer<typeof rightsRoutes.rightsShow.answer>;

const levels = ["full", "read", "none"] as const;
type Level = (typeof levels)[number];

const theDefault = "default";

/** gridward role rights …: which role may do what on which type of devices. */
export function addRightsVerbs(role: Command, cli: Cli): void {
  const rights = role
    .command("rights")
    .description("role-to-right maps: which role may do what, for each type of devices");
  rights
    .command("list")
    .description("list the maps, and how many devices follow each")
    .action(async (_: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const input = { params: {}, query: {}, body: null };
        return shownRows(await order({ cli, asked }, rightsRoutes.rightsList, input));
      }),
    );
  rights
    .command("show [map]")
    .description("show the map of a type of devices as a table: X the whole right, R to read")
    .action(async (map: string | undefined, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => showMap(cli, asked, map ?? theDefault)),
    );
  addChangeVerbs(rights, cli);
  rights
    .command("export <map>")
    .description("write the map of a type of devices, to be kept, compared and imported (JSON)")
    .option("--out <file>", "new file to write it to")
    .action(async (map: string, { out }: { readonly out?: string }, command: Command) =>
      carryOut(cli, command, async (asked) => exportMap({ cli, asked }, map, out)),
    );
  rights
    .command("import <file>")
    .description("replace a map by a file; refused where the map was changed after its export")
    .option("--map <map>", "replace this one, whatever the file is of, and whatever stands there")
    .action(async (file: string, { map }: { readonly map?: string }, command: Command) =>
      carryOut(cli, command, async (asked) => importMap({ cli, asked }, file, map)),
    );
}

function addChangeVerbs(rights: Command, cli: Cli): void {
  rights
    .command("set <map> <right> <role>")
    .description("give a right to a role on devices of a type, or take it; raises the revision")
    .addArgument(new Argument("<level>", "how far").choices(levels))
    .action(
      // oxlint-disable-next-line max-params -- the arguments of the verb, in their order
      async (
        map: string,
        right: string,
        role: string,
        level: Level,
        _: unknown,
        command: Command,
      ) =>
        carryOut(cli, command, async (asked) => {
          const body = { right, role, level };
          const input = { params: { map }, query: changeQuery(asked), body };
          return shown(await order({ cli, asked }, rightsRoutes.rightsSet, input));
        }),
    );
  rights
    .command("use <map> <template>")
    .description(
      "replace a map by a template: relion-670, relion-670-as-printed (cell by cell), iec-62351-8",
    )
    .action(async (map: string, template: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const input = { params: { map }, query: changeQuery(asked), body: { template } };
        return shown(await order({ cli, asked }, rightsRoutes.rightsReplace, input));
      }),
    );
}

interface Context {
  readonly cli: Cli;
  readonly asked: Asked;
}

async function fetchMap(
  context: Context,
  map: string,
): Promise<Result<Answered<MapView>, CommandFailure>> {
  const input = { params: { map }, query: {}, body: null };
  return order(context, rightsRoutes.rightsShow, input);
}

function talkOfOther({ cli, asked }: Context, wanted: string, name: string): void {
  if (name !== wanted) talk(cli, asked, `${wanted} has no map of its own: this is ${name}`);
}

async function showMap(cli: Cli, asked: Asked, map: string): Promise<Outcome> {
  const fetched = await fetchMap({ cli, asked }, map);
  if (!fetched.ok) return fetched;
  const { data, meta } = fetched.value;
  const { name, revision, template, devices } = data;
  talkOfOther({ cli, asked }, map, name);
  const like = template === null ? "as changed here" : `as the template ${template}`;
  talk(cli, asked, `${name}, revision ${revision}, ${like}; devices that follow it: ${devices}`);
  return ok({ data, meta, table: matrixOf(data), columns: ["right", ...data.roles] });
}

function matrixOf({ roles, rights }: MapView): Json {
  return rights.map(({ right, full, read }) => {
    const cell = (role: string): string => {
      if (full.includes(role)) return "X";
      return read.includes(role) ? "R" : "-";
    };
    return { right, ...Object.fromEntries(roles.map((role) => [role, cell(role)])) };
  });
}

async function exportMap(context: Context, map: string, out: string | undefined): Promise<Outcome> {
  const fault = out === undefined ? undefined : newFileFault(out);
  if (fault !== undefined) return failed("client.new-file", fault);
  const fetched = await fetchMap(context, map);
  if (!fetched.ok) return fetched;
  const { data, meta } = fetched.value;
  const { name, revision, rights } = data;
  talkOfOther(context, map, name);
  if (out === undefined) return ok({ data: { map: name, revision, rights }, meta });
  const rows = rights.map(({ right, full, read }) => {
    return { right, full: [...full], read: [...read] };
  });
  const written = writeOut(out, writeRightsFile({ map: name, revision, rights: rows }));
  return written.ok ? ok({ data: { map: name, revision, file: out }, meta }) : written;
}

async function importMap(
  context: Context,
  path: string,
  other: string | undefined,
): Promise<Outcome> {
  const file = readRightsFile(path);
  if (!file.ok) return file;
  const { map, revision, rights } = file.value;
  const body = other === undefined ? { rights, of: revision } : { rights };
  const query = changeQuery(context.asked);
  const input = { params: { map: other ?? map }, query, body };
  return shown(await order(context, rightsRoutes.rightsReplace, input));
}
