import { singleKey } from "@gridward/core/domain/state";
import { isCertified } from "@gridward/core/domain/pair/turn";
import type { ServerConfig } from "@gridward/core/codec/server-config";
import type { Clock } from "@gridward/runtime/os/clock";
import type { EventLog } from "../event-log.ts";
import type { OwnIdentity } from "../own-identity.ts";
import type { Conductor } from "../pair/conductor.ts";
import type { Moment } from "./backup-content.ts";
import { type Backups, openBackups } from "./open-backups.ts";

/** The backups of a running server, its schedule under way until it stops. */
export function startBackups(parts: {
  readonly directory: string;
  readonly config: ServerConfig["backup"];
  readonly identity: OwnIdentity;
  readonly conductor: Conductor;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly stop: AbortSignal;
}): Backups {
  const { directory, config, identity, conductor, clock, events } = parts;
  const backups = openBackups({
    directory,
    config,
    identity,
    clock,
    moment: () => momentOf(conductor),
    hasRecoveryKey: () => (conductor.state.tables.system.get(singleKey)?.recovery ?? null) !== null,
    record: (outcome) => events.onBackup(outcome),
  });
  void backups.keepSchedule(parts.stop);
  return backups;
}

/** Of a Main, or of a Standby that it proved: nobody else is known to hold everything. */
function momentOf({ pair, ledger }: Conductor): Moment | undefined {
  if (ledger === undefined) return undefined;
  if (pair.machine.duty !== "main" && !isCertified(pair)) return undefined;
  const { copy } = ledger;
  const [entry] = ledger.read(copy.position.seq, 1);
  return { ...copy, entry: entry?.hash === copy.position.hash ? entry : undefined };
}
