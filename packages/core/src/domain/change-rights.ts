import type { Fact } from "./fact.ts";
import type { MemberOf } from "./member-of.ts";
import type { RowChange } from "./types.ts";

type RightsFact = MemberOf<Fact, "rights-set" | "role-named" | "role-name-removed">;

/** What roles may do, and what private ones are called (AM2). */
export function changeRights(fact: RightsFact): RowChange {
  switch (fact.kind) {
    case "rights-set":
      return { table: "rightsMaps", key: fact.map.name, row: fact.map };
    case "role-named":
      return { table: "privateRoles", key: String(fact.role.role), row: fact.role };
    case "role-name-removed":
      return { table: "privateRoles", key: String(fact.role), row: null };
  }
}
