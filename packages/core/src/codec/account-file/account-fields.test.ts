import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  accountFields,
  chooseColumns,
  otherThanAccount,
  readFileRow,
  type AccountField,
} from "./account-fields.ts";
import { plainCell, safeCell } from "../safe-cell.ts";
import { joinList, splitList } from "./list-text.ts";
import { parseMoment, parseRoleText, writeRole } from "./role-text.ts";

function columnsOf(
  names: readonly string[],
  ordered: Readonly<Record<string, AccountField | "-">> = {},
): string {
  const chosen = chooseColumns(new Set(names), new Map(Object.entries(ordered)));
  if (!chosen.ok) return chosen.error;
  return [...chosen.value].map(([field, column]) => `${field}=${column}`).join(" ");
}

function rowOf(cells: Readonly<Record<string, string>>): unknown {
  const values = new Map(Object.entries(cells).map(([name, text]) => [name, [text]]));
  const columns = chooseColumns(new Set(values.keys()), new Map());
  assert.ok(columns.ok);
  const row = readFileRow({ line: 7, values }, columns.value);
  return row.ok ? row.value : row.error;
}

test("[ACF5][AM6] columns of our own, of LDAP and of Active Directory are known", () => {
  assert.equal(
    columnsOf(["name", "display_name", "roles"]),
    "name=name display_name=display_name roles=roles",
  );
  assert.equal(columnsOf(["uid", "cn", "sn", "userpassword"]), "name=uid display_name=cn");
  assert.equal(
    columnsOf(["distinguishedname", "enabled", "name", "samaccountname", "sid"]),
    "name=samaccountname display_name=name enabled=enabled",
  );
  assert.match(
    columnsOf(["samaccountname", "useraccountcontrol", "accountexpires"]),
    /valid_until/,
  );
});

test("[ACF5][AM6] a column is mapped, or left out, as ordered; none can be a password", () => {
  assert.equal(columnsOf(["mail", "name"], { mail: "name" }), "name=mail display_name=name");
  assert.equal(columnsOf(["uid", "cn"], { cn: "-" }), "name=uid");
  assert.equal(columnsOf(["uid"], { mail: "name" }), "the file has no column mail");
  assert.equal(columnsOf(["a", "b"], { a: "name", b: "name" }), "two columns are mapped to name");
  assert.match(columnsOf(["a"]), /^no column is the login name .*--map COLUMN=name$/);
  assert.ok(accountFields.every((field) => !field.includes("password")));
});

test("[ACF6][AM6] a line of Active Directory is an account, disabled or at its end as it says", () => {
  const cells = {
    samaccountname: "Anna.B",
    name: "Anna Berg",
    useraccountcontrol: "514",
    accountexpires: "134116992000000000",
  };
  assert.deepEqual(rowOf(cells), {
    line: 7,
    name: "Anna.B",
    display_name: "Anna Berg",
    enabled: false,
    valid_until: "2026-01-01T00:00:00.000Z",
  });
  const never = { samaccountname: "b", useraccountcontrol: "66048", accountexpires: "0" };
  assert.deepEqual(rowOf(never), { line: 7, name: "b", enabled: true, valid_until: null });
  const always = { samaccountname: "b", accountexpires: "9223372036854775807" };
  assert.deepEqual(rowOf(always), { line: 7, name: "b", valid_until: null });
});

test("[ACF6][AM6] empty says nothing, none says none, and what is wrong is named", () => {
  const empty = { name: "anna", display_name: " ", roles: ";", groups: "", enabled: "" };
  assert.deepEqual(rowOf(empty), { line: 7, name: "anna" });
  const none = { name: "anna", roles: "None", groups: "none", valid_from: "never" };
  assert.deepEqual(rowOf(none), { line: 7, name: "anna", roles: [], groups: [], valid_from: null });
  const full = {
    name: "anna",
    roles: "OPERATOR@Hill/Q01,until=2026-12-31; VIEWER",
    groups: "bay1;bay2",
    policy: "modern",
    enabled: "Yes",
    valid_until: "2026-12-31",
  };
  assert.deepEqual(rowOf(full), {
    line: 7,
    name: "anna",
    roles: [
      { role: "OPERATOR", area: "Hill/Q01", not_after: "2027-01-01T00:00:00.000Z" },
      { role: "VIEWER" },
    ],
    groups: ["bay1", "bay2"],
    policy: "modern",
    enabled: true,
    valid_until: "2027-01-01T00:00:00.000Z",
  });
  assert.equal(rowOf({ name: " " }), "name is empty");
  assert.equal(
    rowOf({ name: "a", enabled: "maybe" }),
    'enabled: "maybe" is neither true nor false',
  );
  assert.match(String(rowOf({ name: "a", valid_until: "12/31/2026" })), /^valid_until: .*no time/);
  assert.match(String(rowOf({ name: "a", accountexpires: "soon" })), /^accountexpires: /);
  assert.match(String(rowOf({ name: "a", roles: "@Hill" })), /^roles: .*names no role/);
});

test("[ACF8] groups, computers and folders are told from accounts", () => {
  const of = (...classes: string[]): string | undefined =>
    otherThanAccount({ line: 1, values: new Map([["objectclass", classes]]) });
  assert.equal(of("top", "person", "organizationalPerson", "user"), undefined);
  assert.equal(of("top", "person", "user", "Computer"), "Computer");
  assert.equal(of("organizationalUnit"), "organizationalUnit");
  assert.equal(otherThanAccount({ line: 1, values: new Map() }), undefined);
});

test("[ACF4][AM2] a role with area and dates is read as it was written", () => {
  const time = fc.option(fc.integer({ min: 0, max: Date.UTC(2100, 0) }));
  const area = fc.oneof(
    fc.constantFrom(
      "*",
      "Hill/Q01",
      "Hill@1",
      "a,b",
      "a,until=b",
      "a,from=,until=2026-01-01",
      "a;b",
    ),
    fc.string({ minLength: 1 }).filter((text) => text.trim() === text),
  );
  const role = fc.record({
    name: fc.constantFrom("OPERATOR", "-5"),
    area,
    notBefore: time,
    notAfter: time,
  });
  fc.assert(
    fc.property(role, (one) => {
      const read = parseRoleText(writeRole(one));
      assert.ok(read.ok, JSON.stringify(read));
      const { role: name, area: place = "*", not_before: from, not_after: until } = read.value;
      const back = {
        name,
        area: place,
        notBefore: from === undefined ? null : Date.parse(from),
        notAfter: until === undefined ? null : Date.parse(until),
      };
      assert.deepEqual(back, { ...one });
    }),
  );
});

test("[ACF4] a day is meant whole, in UTC; what is no time is refused", () => {
  const moment = (text: string, end: "from" | "until" = "from"): string => {
    const read = parseMoment(text, end);
    return read.ok ? read.value : "refused";
  };
  assert.equal(moment("2026-12-31"), "2026-12-31T00:00:00.000Z");
  assert.equal(moment("2026-12-31", "until"), "2027-01-01T00:00:00.000Z");
  assert.equal(moment("2026-12-31T12:00:00+01:00", "until"), "2026-12-31T11:00:00.000Z");
  for (const text of ["", "soon", "2026-13-01", "2026-02-30", "31.12.2026", "2026", "1960-01-01"]) {
    assert.equal(moment(text), "refused", text);
  }
});

test("[ACF7][AM6] formulas are made harmless, lists keep their texts, and both are read back", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.doesNotMatch(safeCell(text), /^[=+\-@\t\r]/);
      assert.equal(plainCell(safeCell(text)).replace(/^''/, "'"), text.replace(/^''/, "'"));
    }),
  );
  assert.equal(safeCell("=1+1"), "'=1+1");
  assert.equal(plainCell("'s-Gravenhage"), "'s-Gravenhage");
  const text = fc.string().filter((one) => one.trim() === one && one !== "");
  fc.assert(
    fc.property(fc.array(text), (texts) => {
      assert.deepEqual(splitList(joinList(texts)), texts);
    }),
  );
});

test("[ACF3] no text makes a reader of a cell throw", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseRoleText(text);
      parseMoment(text, "until");
      splitList(text);
      for (const name of [
        "roles",
        "enabled",
        "useraccountcontrol",
        "accountexpires",
        "valid_from",
      ]) {
        rowOf({ uid: "anna", [name]: text });
      }
    }),
  );
});
