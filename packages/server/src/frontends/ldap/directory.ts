import type { Millis } from "@gridward/core/base/time";
import { parseDnKey } from "@gridward/core/codec/ldap/dn";
import { compileFilter } from "@gridward/core/codec/ldap/filter-match";
import type { LdapRequest, LdapSearch } from "@gridward/core/codec/ldap/request";
import { type LdapResult, resultOf } from "@gridward/core/codec/ldap/response";
import { findAttributeType } from "@gridward/core/codec/ldap/schema";
import { roleIds, rolesInForce } from "@gridward/core/domain/roles";
import type { AccountRow, RoleId } from "@gridward/core/domain/types";
import type { FrontEndParts } from "../../parts.ts";
import { AccountIndexKeeper } from "./account-index.ts";
import { type Offers, rootDse, subschemaDn, subschemaEntry } from "./root-dse.ts";
import { findEntry, search, searchOne, type SearchOutcome } from "./search.ts";
import { EntryEncoder } from "./selection.ts";
import { accountDn, baseNameOf, systemOf, type View } from "./view.ts";

export type LdapCompare = Extract<LdapRequest, { kind: "compare" }>;

/** The directory of one server as LDAP reads it: always from the committed state, never kept. */
export interface Directory {
  /** Root DSE or subschema, which need no sign-in; undefined: the search is about something else. */
  readonly searchOpen: (request: LdapSearch) => SearchOutcome | undefined;
  readonly search: (request: LdapSearch, reader: AccountRow) => Generator<undefined, SearchOutcome>;
  readonly compare: (request: LdapCompare, reader: AccountRow) => LdapResult;
  /** RFC 4513 §5.2.1.8: "dn:" and the name. */
  readonly authorizationId: (reader: AccountRow) => string;
}

export function openDirectory(
  parts: FrontEndParts,
  options: Offers & { readonly monotonic: () => Millis },
): Directory {
  const indexes = new AccountIndexKeeper(options.monotonic);
  const { monotonic } = options;
  const tools = { encoder: new EntryEncoder(), parseBase: rememberLast(parseDnKey), monotonic };
  const subschema = subschemaEntry();
  const viewFor = (reader: AccountRow): View | undefined => viewOf(parts, indexes, reader);
  return {
    searchOpen: (request) => {
      if (request.scope !== "base") return undefined;
      if (request.base === "") {
        const root = rootDse(systemOf(parts.state())?.base, options);
        return searchOne(root, request, tools.encoder);
      }
      const isSubschema = request.base.toLowerCase() === subschemaDn.toLowerCase();
      return isSubschema ? searchOne(subschema, request, tools.encoder) : undefined;
    },
    *search(request, reader) {
      const view = viewFor(reader);
      if (view === undefined) return { entries: [], result: resultOf("unavailable") };
      return yield* search(view, request, tools);
    },
    compare: (request, reader) => {
      const view = viewFor(reader);
      return view === undefined ? resultOf("unavailable") : compare(view, request);
    },
    authorizationId: (reader) => {
      const view = viewFor(reader);
      return view === undefined ? "" : `dn:${accountDn(view, reader)}`;
    },
  };
}

/** The same answer for the same text, as long as nobody asks about another. */
function rememberLast<Answer>(ask: (text: string) => Answer): (text: string) => Answer {
  let last: { readonly text: string; readonly answer: Answer } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, answer: ask(text) };
    return last.answer;
  };
}

const securityRoles: ReadonlySet<RoleId> = new Set([
  roleIds.SECADM,
  roleIds.SECAUD,
  roleIds.ADMINISTRATOR,
]);

function viewOf(
  parts: FrontEndParts,
  indexes: AccountIndexKeeper,
  reader: AccountRow,
): View | undefined {
  const state = parts.state();
  const system = systemOf(state);
  if (system === undefined) return undefined;
  const at = parts.now();
  return {
    state,
    system,
    base: baseNameOf(system),
    at,
    seesSecurity: rolesInForce(reader, at).some(({ role }) => securityRoles.has(role)),
    index: () => indexes.current(state),
    indexWithUidNumber: (uidNumber) => indexes.withUidNumber(state, uidNumber),
  };
}

/** RFC 4511 §4.10. */
function compare(view: View, request: LdapCompare): LdapResult {
  const key = parseDnKey(request.entry);
  if (!key.ok) return resultOf("invalidDnSyntax", key.error);
  const found = findEntry(view, key.value);
  if (!found.ok) return found.error;
  const type = findAttributeType(request.attribute);
  if (type === undefined) return resultOf("undefinedAttributeType");
  if (found.value.valuesOf(type.name).length === 0) return resultOf("noSuchAttribute");
  const { attribute, value } = request;
  const outcome = compileFilter({ kind: "equal", attribute, value })(found.value);
  if (outcome === undefined) return resultOf("invalidAttributeSyntax");
  return resultOf(outcome ? "compareTrue" : "compareFalse");
}
