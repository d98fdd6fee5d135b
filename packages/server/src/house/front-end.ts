import { version } from "@gridward/core/base/version";
import type { Instant } from "@gridward/core/base/time";
import type { CommandOf } from "@gridward/core/domain/decision";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { PasswordHasher } from "@gridward/runtime/os/argon2";
import { serverCondition } from "../condition.ts";
import type { EventLog } from "../event-log.ts";
import { arbitrationStatus } from "../pair/arbitration.ts";
import type { Pair } from "../pair/open-pair.ts";
import { serverStatus } from "../pair/status.ts";
import type { FrontEndParts } from "../parts.ts";
import { openSignIn, type SignInParts } from "../sign-in.ts";
import { submitCounted } from "../submit-counted.ts";
import type { Basis } from "./basis.ts";
import type { Counts } from "./counts.ts";
import { type AlarmTools, openAlarms } from "./open-alarms.ts";

export interface FrontTools extends AlarmTools {
  readonly events: EventLog;
  readonly counts: Counts;
  readonly hasher: PasswordHasher;
  readonly since: () => Instant;
}

/** What the front ends are given. */
export function frontEnd(basis: Basis, pair: Pair, tools: FrontTools): FrontEndParts {
  const { identity, clock } = basis;
  const { conductor, submit, wire } = pair;
  const state = (): DirectoryState => conductor.state;
  const condition = () =>
    tools.freshness.aged(serverCondition(conductor.pair, clock.monotonic(), clock.now()));
  const alarms = openAlarms(pair, clock, {
    ...tools,
    security: basis.security,
    approvals: basis.approvals,
  });
  return {
    state,
    condition,
    submit,
    now: () => clock.now(),
    status: () =>
      serverStatus({
        pair: conductor.pair,
        state: conductor.state,
        known: basis.known.rows,
        self: { id: identity.node, name: identity.name },
        version,
        pid: basis.pid,
        directory: basis.directory,
        digest: conductor.ledger?.digest ?? null,
        at: clock.monotonic(),
        now: clock.now(),
        since: tools.since(),
        directions: (id) => wire.directions(id),
        dialledOver: (id) => wire.dialledOver(id),
        arbitration: arbitrationStatus(conductor.pair.control.mode, pair.witness.view),
        alarms: alarms(),
        security: basis.security.status(),
      }),
    signIn: openSignIn({
      state,
      condition,
      hasher: tools.hasher,
      systemKey: () => identity.systemKey,
      counters: tools.counts.accounts,
      sources: tools.counts.sources,
      grace: countGrace(basis, { grace: tools.counts.grace, submit }),
      record: (event, attempt) => tools.events.onSignIn(event, attempt),
      lock: (command) => void submitCounted({ ...basis, submit }, command),
    }),
  };
}

/** Counted here at once, then journalled; what a restart or a lost Main kept from that, once more. */
function countGrace(
  basis: Basis,
  { grace, submit }: Pick<Counts, "grace"> & Pick<FrontEndParts, "submit">,
): NonNullable<SignInParts["grace"]> {
  const server = basis.identity.node;
  const tell = (command: CommandOf<"use-grace">) =>
    void submitCounted({ ...basis, submit }, command);
  for (const { account: id, at, ...of } of grace.all()) {
    tell({ kind: "use-grace", id, version: of.version, use: { server, at } });
  }
  return {
    usesOf: (account, of) => grace.usesOf(account, of).map((at) => ({ server, at })),
    use: (command) => {
      const { id: account, use, ...of } = command;
      grace.add({ account, version: of.version, at: use.at });
      tell(command);
    },
  };
}
