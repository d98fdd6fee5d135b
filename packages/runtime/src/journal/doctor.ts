import { join } from "node:path";
import type { Sealed } from "@gridward/core/base/identity";
import { refusals } from "@gridward/core/domain/refusal";
import type { DirectoryState } from "@gridward/core/domain/state";
import { listDirectory } from "../os/directory.ts";
import { directoryOwner } from "../os/directory-lock.ts";
import { findOpenFiles } from "../os/permissions.ts";
import { loadSystemKey, unseal } from "../os/seal.ts";
import { type ControlFault, ControlStore, tellControlVersion } from "./control-store.ts";
import { examineJournal } from "./doctor-journal.ts";
import { sound, unsound, type Finding } from "./finding.ts";
import { generationsDirectory } from "./sqlite-store.ts";

export interface DoctorReport {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

export interface DoctorOrder {
  /** Data directory of a server, running or not. Nothing in it is changed. */
  readonly directory: string;
  readonly systemKeyPath: string;
  /** Every secret of a state with the purpose for which it was sealed. */
  readonly secretsOf: (state: DirectoryState) => Iterable<SealedSecret>;
}

export interface SealedSecret {
  readonly what: string;
  readonly purpose: string;
  readonly text: Sealed;
}

/** Verifies all that can be verified without the server: `gridward doctor DIR`. */
export function examine(order: DoctorOrder): DoctorReport {
  const findings = [...examineAll(order)];
  return { ok: findings.every(({ ok }) => ok), findings };
}

function* examineAll(order: DoctorOrder): Generator<Finding> {
  const { directory } = order;
  const owner = directoryOwner(directory);
  const pid = owner?.pid ?? "unknown";
  yield sound("server", owner ? `The server runs (process ${pid}).` : "The server does not run.");
  yield checkPermissions(directory);
  const control = ControlStore.open(directory);
  if (!control.ok) {
    yield controlFinding(directory, control.error);
    return;
  }
  const { record, damaged } = control.value;
  yield damaged === null
    ? sound("control", `The control record is of term ${record.term}.`)
    : sound("control", `The control record is readable; ${damaged} was torn and is not needed.`);
  if (record.incarnation === null) {
    yield sound("generation", "The server is blank: it has no database.");
    return;
  }
  const generation = checkGenerations(directory, record.incarnation);
  yield generation;
  if (!generation.ok) return;
  const isInUse = owner !== undefined;
  const { findings, state } = examineJournal(directory, record.incarnation, control.value, isInUse);
  yield* findings;
  if (state !== undefined) yield checkSecrets(order, state);
}

function controlFinding(directory: string, fault: ControlFault): Finding {
  switch (fault) {
    case "absent":
      return sound("control", "There is no control record: the server has never run.");
    case "damaged": {
      const { says, remedy } = refusals["control.unreadable"];
      return unsound("control", says, remedy);
    }
    case "unsupported": {
      const { says, remedy } = refusals["control.unsupported"];
      return unsound("control", `${says} (${tellControlVersion(directory)})`, remedy);
    }
  }
}

/** Left-overs do no harm: the server removes them when it starts. */
function checkGenerations(directory: string, incarnation: string): Finding {
  const names = listDirectory(generationsDirectory(directory));
  const others = names.filter((name) => name !== incarnation);
  if (!names.includes(incarnation)) {
    const { remedy } = refusals["journal.unreadable"];
    return unsound("generation", `The generation ${incarnation} is missing.`, remedy);
  }
  const left = others.length === 0 ? "" : ` Unfinished or old: ${others.join(", ")}.`;
  return sound("generation", `The current generation is ${incarnation}.${left}`);
}

function checkSecrets(order: DoctorOrder, state: DirectoryState): Finding {
  const key = loadSystemKey(order.systemKeyPath);
  const remedy = "Put the system key back from a backup, or let this server join again.";
  if (!key.ok) return unsound("secrets", `The system key is not readable: ${key.error}.`, remedy);
  let count = 0;
  for (const { what, purpose, text } of order.secretsOf(state)) {
    const opened = unseal(key.value, purpose, text);
    if (!opened.ok) return unsound("secrets", `${what} does not open: ${opened.error}.`, remedy);
    count++;
  }
  return sound("secrets", `All ${count} sealed secrets open with the system key.`);
}

/** Everything that is a secret or lies beside one; certificates may be read by anybody. */
const privatePlaces = [
  "control.a",
  "control.b",
  "keys",
  "generations",
  "divergent",
  "events.db",
  "failures.db",
  "source-failures.db",
  "grace.db",
];

function checkPermissions(directory: string): Finding {
  const open = privatePlaces.flatMap((name) => findOpenFiles(join(directory, name)));
  const [first] = open;
  if (first === undefined) return sound("permissions", "Only the owner may read keys and journal.");
  const says = `Others than the owner may read ${first}${open.length > 1 ? " and more" : ""}.`;
  return unsound("permissions", says, `Run \`chmod -R go= ${directory}\`.`);
}
