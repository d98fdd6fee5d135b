import { assert } from "../base/result.ts";
import type { Fact } from "./fact.ts";
import type { MemberOf } from "./member-of.ts";
import type { DirectoryState } from "./state.ts";
import type { AuthorityRow, RowChange } from "./types.ts";

/** The rows of authorities after one took the place of another, or was given up (PK7). */
export function changeAuthorities(
  { tables }: DirectoryState,
  fact: MemberOf<Fact, "authority-switched" | "authority-retired">,
): readonly RowChange[] {
  if (fact.kind === "authority-retired") {
    const { id: key } = fact;
    return [
      { table: "authorities", key, row: null },
      { table: "crls", key, row: null },
    ];
  }
  const changed = (key: string, standing: AuthorityRow["standing"]): RowChange => {
    const row = tables.authorities.get(key);
    assert(row !== undefined, `a fact names the authority ${key}, which does not exist`);
    return { table: "authorities", key, row: { ...row, standing } };
  };
  return [changed(fact.from, "former"), changed(fact.to, "issuing")];
}
