import type { SetAsideView } from "@gridward/core/api/set-aside-routes";
import { type Instant, rfc3339 } from "@gridward/core/base/time";
import { factsOf } from "@gridward/core/domain/decide-set-aside";
import type { Fact } from "@gridward/core/domain/fact";
import { lossesOf } from "@gridward/core/domain/set-aside-loss";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { SetAsideRow } from "@gridward/core/domain/types";

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
  const open = lowers_security ? 0 : 1;
  return `${judged === null ? open : 2} ${made_at} ${id}`;
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
  const made = madeBy(fact);
  if (made !== undefined) return [made.name];
  const names: string[] = [];
  if ("account" in fact && typeof fact.account === "string") {
    names.push(nameOf(state, fact.account));
  }
  if ("id" in fact) names.push(nameOf(state, fact.id));
  if ("name" in fact) names.push(fact.name);
  return names;
}

function madeBy(fact: Fact): { readonly id?: string; readonly name: string } | undefined {
  if ("account" in fact && typeof fact.account === "object") return fact.account;
  if ("group" in fact) return fact.group;
  if ("device" in fact) return fact.device;
  if ("server" in fact) return fact.server;
  if ("policy" in fact && typeof fact.policy === "object") return fact.policy;
  if ("invite" in fact) return fact.invite;
  return "certificate" in fact ? { name: fact.certificate.subject } : undefined;
}

/** What was made and lost has a name only in the change that made it. */
function nameOf({ tables }: DirectoryState, id: string): string {
  const { accounts, groups, devices, servers } = tables;
  const row = accounts.get(id) ?? groups.get(id) ?? devices.get(id) ?? servers.get(id);
  if (row !== undefined) return row.name;
  for (const lost of tables.setAside.values()) {
    const facts = lost.facts.includes(id) ? factsOf(lost) : undefined;
    for (const fact of facts?.ok === true ? facts.value : []) {
      const made = madeBy(fact);
      if (made?.id === id) return made.name;
    }
  }
  return id;
}
