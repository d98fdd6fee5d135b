import type { SetAsideView } from "@gridward/core/api/set-aside-routes";
import { type Instant, rfc3339 } from "@gridward/core/base/time";
import { factsOf } from "@gridward/core/domain/decide-set-aside";
import type { Fact } from "@gridward/core/domain/fact";
import { lossesOf } from "@gridward/core/domain/set-aside-loss";
import type { SetAsideRow } from "@gridward/core/domain/set-aside-row";
import type { DirectoryState } from "@gridward/core/domain/state";

/** A lost change as people read it: none of the secrets in it. */
export function showSetAside(state: DirectoryState, row: SetAsideRow, now: Instant): SetAsideView {
  const found = factsOf(row);
  const facts = found.ok ? found.value : [];
  const lost = lossesOf(row, facts, { state, now });
  const { judged } = row;
  return {
    id: row.id,
    server: state.tables.servers.get(row.node)?.name ?? row.node,
    made_at: rfc3339(row.at),
    made_by: row.actor.name,
    command: row.kind,
    what: facts.map((fact) => whatOf(state, fact)),
    told: row.mark,
    lowers_security: judged === null && lost.length > 0,
    losses: judged === null ? lost : [],
    set_aside_at: rfc3339(row.setAsideAt),
    judged: judged && { ...judged, at: rfc3339(judged.at) },
  };
}

/** What is most urgent comes first: open and lowering security, open, judged; each by its time. */
export function urgencyOf({ judged, lowers_security, made_at, id }: SetAsideView): string {
  const rank = judged !== null ? 2 : lowers_security ? 0 : 1;
  return `${rank} ${made_at} ${id}`;
}

function whatOf(state: DirectoryState, fact: Fact): string {
  const subject = subjectsOf(state, fact).join(", ");
  return subject === "" ? words(fact.kind) : `${words(fact.kind)}: ${subject}`;
}

function words(kind: string): string {
  return kind.replaceAll("-", " ");
}

/** The names that a fact is about, as far as they are in it or still known. */
function subjectsOf(state: DirectoryState, fact: Fact): readonly string[] {
  const names: string[] = [];
  for (const value of Object.values(fact)) {
    if (typeof value === "object" && value !== null && "name" in value) names.push(value.name);
  }
  const { accounts, groups, devices, servers } = state.tables;
  const add = (id: string): void => {
    const row = accounts.get(id) ?? groups.get(id) ?? devices.get(id) ?? servers.get(id);
    names.push(row?.name ?? id);
  };
  if ("account" in fact && typeof fact.account === "string") add(fact.account);
  if ("id" in fact) add(fact.id);
  return names;
}
