import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDn } from "./dn.ts";
import type { LdapFilter } from "./filter.ts";
import { compileFilter, type FilterEntry } from "./filter-match.ts";

function anEntry(attributes: Readonly<Record<string, readonly string[]>>): FilterEntry {
  const dn = parseDn("uid=anna,ou=people,dc=example,dc=org");
  assert.ok(dn.ok);
  return {
    dn: () => dn.value,
    names: () => Object.keys(attributes),
    valuesOf: (name) => attributes[name] ?? [],
  };
}

const anna = anEntry({
  objectClass: ["top", "person", "inetOrgPerson", "posixAccount"],
  uid: ["anna"],
  cn: ["Anna  Müller"],
  uidNumber: ["10001"],
  homeDirectory: ["/home/anna"],
  createTimestamp: ["20260102030405Z"],
  memberOf: ["cn=OPERATOR,ou=roles,dc=example,dc=org"],
});

function equal(attribute: string, value: string | undefined): LdapFilter {
  return { kind: "equal", attribute, value };
}

function judge(filter: LdapFilter): boolean | undefined {
  return compileFilter(filter)(anna);
}

const yes = equal("uid", "anna");
const no = equal("uid", "bert");
const unknown = equal("shoeSize", "42");

test("[LDAP13] three-valued logic (RFC 4511 §4.5.1.7)", () => {
  const not = (filter: LdapFilter): LdapFilter => ({ kind: "not", filter });
  const and = (...filters: LdapFilter[]): LdapFilter => ({ kind: "and", filters });
  const or = (...filters: LdapFilter[]): LdapFilter => ({ kind: "or", filters });
  const table: readonly (readonly [LdapFilter, boolean | undefined])[] = [
    [unknown, undefined],
    [not(unknown), undefined],
    [not(yes), false],
    [not(no), true],
    [and(yes, unknown), undefined],
    [and(no, unknown), false],
    [and(unknown, no), false],
    [and(yes, yes), true],
    [or(yes, unknown), true],
    [or(unknown, yes), true],
    [or(no, unknown), undefined],
    [or(no, no), false],
    [and(), true],
    [or(), false],
  ];
  for (const [filter, expected] of table) {
    assert.equal(judge(filter), expected, JSON.stringify(filter));
  }
});

test("[LDAP14] values are compared by the rule of their attribute", () => {
  assert.equal(judge(equal("UID", "ANNA")), true);
  assert.equal(judge(equal("userid", " anna ")), true);
  assert.equal(judge(equal("0.9.2342.19200300.100.1.1", "anna")), true);
  assert.equal(judge(equal("cn", "anna müller")), true);
  assert.equal(judge(equal("uidNumber", "010001")), true);
  assert.equal(judge(equal("homeDirectory", "/HOME/anna")), false);
  assert.equal(judge(equal("objectClass", "1.3.6.1.1.1.2.0")), true);
  assert.equal(judge(equal("memberOf", "CN=operator, OU=roles, DC=example, DC=org")), true);
  assert.equal(judge(equal("createTimestamp", "20260102040405+0100")), true);
});

test("[LDAP14] a value outside the syntax, or a class that we have not, is Undefined", () => {
  assert.equal(judge(equal("uidNumber", "ten")), undefined);
  assert.equal(judge(equal("memberOf", "OPERATOR")), undefined);
  assert.equal(judge(equal("uid", undefined)), undefined);
  assert.equal(judge(equal("objectClass", "computer")), undefined);
  assert.equal(judge(equal("uid;lang-en", "anna")), undefined);
});

test("[LDAP14] an entry with very many values may answer for them", () => {
  const crowd: FilterEntry = {
    dn: () => [],
    names: () => ["member"],
    valuesOf: () => assert.fail("the values were listed"),
    holds: (name, normal) => name === "member" && normal === "uid=anna",
  };
  assert.equal(compileFilter(equal("member", "UID=Anna"))(crowd), true);
  assert.equal(compileFilter(equal("member", "UID=Bert"))(crowd), false);
});

test("[LDAP15] presence, order, approximation, substrings", () => {
  assert.equal(judge({ kind: "present", attribute: "objectclass" }), true);
  assert.equal(judge({ kind: "present", attribute: "loginShell" }), false);
  assert.equal(judge({ kind: "present", attribute: "shoeSize" }), undefined);
  const at = (kind: "greater-or-equal" | "less-or-equal", value: string): boolean | undefined =>
    judge({ kind, attribute: "uidNumber", value });
  assert.equal(at("greater-or-equal", "9999"), true);
  assert.equal(at("less-or-equal", "9999"), false);
  assert.equal(judge({ kind: "less-or-equal", attribute: "uid", value: "z" }), undefined);
  assert.equal(judge({ kind: "approximate", attribute: "uid", value: "Anna" }), true);
});

test("[LDAP15] the pieces of a substring do not overlap", () => {
  const within = (
    initial: string | null,
    any: readonly string[],
    final: string | null,
  ): boolean | undefined => judge({ kind: "substrings", attribute: "uid", initial, any, final });
  assert.equal(within("an", [], "na"), true);
  assert.equal(within("ann", [], "nna"), false);
  assert.equal(within(null, ["n", "n"], null), true);
  assert.equal(within(null, ["n", "n", "n"], null), false);
  assert.equal(within("AN", [], null), true);
  const ofNumber: LdapFilter = {
    kind: "substrings",
    attribute: "uidNumber",
    initial: "10",
    any: [],
    final: null,
  };
  assert.equal(judge(ofNumber), undefined);
});

test("[LDAP16] extensible matches: rule, attribute, and the parts of the name with :dn:", () => {
  const extensible = (
    attribute: string | null,
    rule: string | null,
    value: string,
    withDnAttributes = false,
  ): boolean | undefined => judge({ kind: "extensible", attribute, rule, value, withDnAttributes });
  assert.equal(extensible("ou", null, "people"), false);
  assert.equal(extensible("ou", null, "People", true), true);
  assert.equal(extensible(null, "caseIgnoreMatch", "ANNA"), true);
  assert.equal(extensible(null, "2.5.13.2", "example", true), true);
  assert.equal(extensible("uid", "caseExactMatch", "ANNA"), false);
  assert.equal(extensible("uid", "1.2.3.4", "anna"), undefined);
  assert.equal(extensible("shoeSize", "caseIgnoreMatch", "anna"), undefined);
});
