import { canonical } from "../base/canonical.ts";
import { ok, type Result } from "../base/result.ts";
import { createRole, deleteRole, replaceRights } from "./decide-rights.ts";
import type { Decision } from "./decision.ts";
import type { Fact } from "./fact.ts";
import type { MemberOf } from "./member-of.ts";
import { nameOfRole } from "./private-roles.ts";
import type { Refusal } from "./refusal.ts";
import { findRightsMap, rightsMapOfType, templateOfMap } from "./rights-map.ts";
import { conflict, isChangedSince, type Again } from "./set-aside-conflict.ts";
import type { DirectoryState } from "./state.ts";

type Facts = Result<readonly Fact[], Refusal>;
type RightsFact = MemberOf<Fact, "rights-set" | "role-named" | "role-name-removed">;

/** A lost change of a map under the next revision of now; not over one that was made since. */
export function rightsAgain(state: DirectoryState, fact: RightsFact, again: Again): Facts {
  const { submission } = again;
  switch (fact.kind) {
    case "rights-set": {
      const { name, rights } = fact.map;
      const present = findRightsMap(state, name);
      if (present !== undefined && canonical(present.rights) === canonical(rights)) return ok([]);
      if (present !== undefined && isChangedSince(state, present.at, again)) {
        return conflict(`the role-to-right map ${name}`);
      }
      const command = { kind: "replace-rights", map: name, of: null, rights } as const;
      return factsOf(replaceRights(state, command, submission));
    }
    case "role-named": {
      const { role, name, description } = fact.role;
      if (state.tables.privateRoles.get(String(role))?.name === name) return ok([]);
      const command = { kind: "create-role", role, name, description } as const;
      return factsOf(createRole(state, command, submission));
    }
    case "role-name-removed":
      if (!state.tables.privateRoles.has(String(fact.role))) return ok([]);
      return factsOf(deleteRole(state, { kind: "delete-role", role: fact.role }));
  }
}

function factsOf(decision: Decision): Facts {
  return decision.ok ? ok(decision.value.facts) : decision;
}

/** What a map gives now that the lost one did not give. */
export function rightsLoss(
  state: DirectoryState,
  { map }: MemberOf<Fact, "rights-set">,
  there: string,
): string | undefined {
  const lost = templateOfMap(map).rights;
  const present = templateOfMap(rightsMapOfType(state, map.name)).rights;
  for (const [right, levels] of present) {
    for (const [role, level] of levels) {
      const was = lost.get(right)?.get(role);
      if (was === "full" || was === level) continue;
      const name = nameOfRole(state, role);
      return `The role-to-right map ${map.name} was changed ${there} so that ${name} had less of ${right} than in the system now.`;
    }
  }
  return undefined;
}
