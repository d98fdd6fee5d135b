import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { accountId } from "@gridward/core/base/identity";
import { hour } from "@gridward/core/base/time";
import type { LdapFilter } from "@gridward/core/codec/ldap/filter";
import { aRole, createAccount, noon, serverA } from "@gridward/core/domain/fixtures";
import { roleIds } from "@gridward/core/domain/roles";
import {
  and,
  anna,
  annaDn,
  anything,
  aSearch,
  aTown,
  base,
  equal,
  type Found,
  namesOf,
  Talk,
} from "./fixtures.ts";
import { indexAgeMax } from "./limits.ts";

async function aReader(name = "anna"): Promise<Talk> {
  return new Talk(aTown()).signIn(name);
}

async function readOne(talk: Talk, dn: string, ...attributes: string[]): Promise<Found> {
  const { entries } = await talk.ask(aSearch(anything, { base: dn, scope: "base", attributes }));
  const [entry] = entries;
  assert.ok(entry, dn);
  return entry;
}

test("[LDS8][FE1] an account as directory clients need it", async () => {
  const { entries } = await (
    await aReader()
  ).ask(aSearch(and(equal("objectClass", "posixAccount"), equal("uid", "ANNA"))));
  assert.deepEqual(entries, [
    {
      dn: annaDn,
      attributes: {
        objectClass: [
          "top",
          "person",
          "organizationalPerson",
          "inetOrgPerson",
          "posixAccount",
          "gridwardAccount",
        ],
        uid: ["anna"],
        cn: ["anna"],
        sn: ["anna"],
        displayName: ["anna"],
        uidNumber: ["10001"],
        gidNumber: ["10001"],
        homeDirectory: ["/home/anna"],
        loginShell: ["/bin/sh"],
        gridwardEnabled: ["TRUE"],
        gridwardAssignment: ["OPERATOR@*"],
      },
    },
  ]);
});

test("[LDS8] operational attributes come when asked for", async () => {
  const { attributes } = await readOne(await aReader(), annaDn, "+");
  const uuid = attributes["entryUUID"]?.[0] ?? "";
  assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual(attributes, {
    memberOf: [`cn=OPERATOR,ou=roles,${base}`, `cn=bay1,ou=groups,${base}`],
    entryUUID: [uuid],
    createTimestamp: ["20260601120000Z"],
    modifyTimestamp: ["20260601120000Z"],
    structuralObjectClass: ["inetOrgPerson"],
    subschemaSubentry: ["cn=Subschema"],
  });
});

test("[LDS8] there is no password to read, to search or to compare", async () => {
  const talk = await aReader("sara");
  const { attributes } = await readOne(talk, annaDn, "*", "+", "userPassword");
  const text = JSON.stringify(attributes);
  assert.ok(!text.toLowerCase().includes("userpassword") && !text.includes("anna's"));
  const present: LdapFilter = { kind: "present", attribute: "userPassword" };
  assert.deepEqual((await talk.ask(aSearch(present))).entries, []);
  const attribute = "userPassword";
  const compare = { kind: "compare", entry: annaDn, attribute, value: "right" } as const;
  assert.equal((await talk.ask(compare)).code, "undefinedAttributeType");
});

test("[LDS8] a disabled account has no shell to log in with", async () => {
  const talk = await aReader("sara");
  talk.world.must({ kind: "disable-account", id: anna });
  const { attributes } = await readOne(talk, annaDn);
  assert.deepEqual(attributes["loginShell"], ["/usr/sbin/nologin"]);
  assert.deepEqual(attributes["gridwardEnabled"], ["FALSE"]);
});

test("[LDS8] roles, groups, devices and branches are entries too", async () => {
  const talk = await aReader();
  const role = await readOne(talk, `cn=operator,ou=roles,${base}`);
  assert.deepEqual(role, {
    dn: `cn=OPERATOR,ou=roles,${base}`,
    attributes: {
      objectClass: ["top", "groupOfNames", "gridwardRole"],
      cn: ["OPERATOR"],
      gridwardRoleId: ["1"],
      member: [annaDn, `uid=otto,ou=people,${base}`],
    },
  });
  const device = await readOne(talk, `cn=Q01,ou=devices,${base}`);
  assert.deepEqual(device.attributes, {
    objectClass: ["top", "device", "gridwardDevice", "ipHost"],
    cn: ["Q01"],
    gridwardManufacturer: ["Maker"],
    gridwardDeviceType: ["REX640"],
    gridwardArea: ["Hill/Q01"],
    gridwardDeviceStatus: ["registered"],
    ipHostNumber: ["192.0.2.21"],
  });
  const { attributes } = await readOne(talk, base);
  assert.deepEqual(attributes, { objectClass: ["top", "domain"], dc: ["example"] });
});

test("[LDS9] memberOf and member say the same from both sides", async () => {
  const talk = await aReader();
  const group = await readOne(talk, `cn=bay1,ou=groups,${base}`);
  assert.deepEqual(group.attributes["member"], [annaDn], "otto is denied");
  const otto = await readOne(talk, `uid=otto,ou=people,${base}`, "memberOf");
  assert.deepEqual(otto.attributes["memberOf"], [`cn=OPERATOR,ou=roles,${base}`]);
  for (const dn of [`cn=bay1,ou=groups,${base}`, `CN=operator, OU=roles, ${base}`]) {
    const members = namesOf(await talk.ask(aSearch(equal("memberOf", dn))));
    const expected = dn.startsWith("cn=bay1") ? ["anna"] : ["anna", "otto"];
    assert.deepEqual(
      members,
      expected.map((name) => `uid=${name},ou=people`),
    );
  }
  const ofAnna = await talk.ask(
    aSearch(and(equal("objectClass", "groupOfNames"), equal("member", annaDn))),
  );
  assert.deepEqual(namesOf(ofAnna), ["cn=OPERATOR,ou=roles", "cn=bay1,ou=groups"]);
});

test("[LDS9][LDS15] a role shows from its first moment to its last, without any entry", async () => {
  const talk = await aReader("sara");
  const roles = [aRole(roleIds.ENGINEER, { notBefore: noon + hour, notAfter: noon + 2 * hour })];
  talk.world.must({ kind: "update-account", id: anna, roles });
  const engineers = async (): Promise<readonly unknown[]> => {
    const { attributes } = await readOne(talk, annaDn, "memberOf");
    const engineer = await readOne(talk, `cn=ENGINEER,ou=roles,${base}`, "member");
    return [attributes["memberOf"]?.[0], engineer.attributes["member"]?.[0]];
  };
  const group = `cn=bay1,ou=groups,${base}`;
  assert.deepEqual(await engineers(), [group, undefined]);
  talk.now = noon + hour;
  assert.deepEqual(await engineers(), [`cn=ENGINEER,ou=roles,${base}`, annaDn]);
  talk.now = noon + 2 * hour;
  assert.deepEqual(await engineers(), [group, undefined]);
});

test("[LDS10] lock-outs and password dates are for who looks after security", async () => {
  const world = aTown();
  world.must(
    { kind: "lock-account", id: accountId("otto"), until: noon + hour },
    { actor: serverA },
  );
  const ottoDn = `uid=otto,ou=people,${base}`;
  const locked: LdapFilter = { kind: "present", attribute: "gridwardLockedUntil" };
  const sara = await new Talk(world).signIn("sara");
  const { attributes } = await readOne(sara, ottoDn, "pwdChangedTime", "gridwardLockedUntil");
  assert.deepEqual(attributes, {
    pwdChangedTime: ["20260601120000Z"],
    gridwardLockedUntil: ["20260601130000Z"],
  });
  assert.deepEqual(namesOf(await sara.ask(aSearch(locked))), ["uid=otto,ou=people"]);
  const plain = await new Talk(world).signIn("anna");
  assert.deepEqual(
    (await readOne(plain, ottoDn, "+", "pwdChangedTime")).attributes["pwdChangedTime"],
    undefined,
  );
  assert.deepEqual(namesOf(await plain.ask(aSearch(locked))), []);
});

test("[LDS11] base and scope", async () => {
  const talk = await aReader();
  const found = async (
    dn: string,
    scope: "base" | "one" | "subtree",
    filter: LdapFilter = anything,
  ): Promise<readonly string[]> => namesOf(await talk.ask(aSearch(filter, { base: dn, scope })));
  const people = `ou=people,${base}`;
  const branches = ["ou=devices", "ou=groups", "ou=people", "ou=roles"];
  const persons = ["uid=admin,ou=people", "uid=anna,ou=people", "uid=otto,ou=people"];
  assert.deepEqual(await found(base, "base"), [base]);
  assert.deepEqual(await found(base, "one"), branches);
  assert.equal((await found(base, "subtree")).length, 1 + 4 + 4 + 8 + 1 + 1);
  assert.deepEqual(await found(people, "base"), ["ou=people"]);
  assert.deepEqual(await found(people, "one"), [...persons, "uid=sara,ou=people"]);
  assert.equal((await found(people, "subtree")).length, 5);
  assert.deepEqual(await found(annaDn, "subtree"), ["uid=anna,ou=people"]);
  assert.deepEqual(await found(annaDn, "one"), []);
  assert.deepEqual(await found(annaDn, "base", equal("uid", "otto")), []);
});

test("[LDS11] a base that is not there says how far the name was right", async () => {
  const talk = await aReader();
  const search = async (dn: string): Promise<readonly unknown[]> => {
    const { code, matched } = await talk.ask(aSearch(anything, { base: dn }));
    return [code, matched];
  };
  const people = `ou=people,${base}`;
  assert.deepEqual(await search(`uid=nobody,${people}`), ["noSuchObject", people]);
  assert.deepEqual(await search(`uid=anna,uid=anna,${people}`), ["noSuchObject", people]);
  assert.deepEqual(await search(`ou=cellar,${base}`), ["noSuchObject", base]);
  assert.deepEqual(await search("dc=org"), ["noSuchObject", ""]);
  assert.deepEqual(await search(""), ["noSuchObject", ""]);
  assert.deepEqual(await search("no name"), ["invalidDnSyntax", ""]);
});

test("[LDS12] attribute lists", async () => {
  const talk = await aReader();
  const keys = async (...attributes: string[]): Promise<readonly string[]> =>
    Object.keys((await readOne(talk, annaDn, ...attributes)).attributes);
  assert.deepEqual(await keys("UID", "2.5.4.3", "shoeSize"), ["uid", "cn"]);
  assert.deepEqual(await keys("1.1"), []);
  assert.deepEqual(await keys("memberof", "sn"), ["sn", "memberOf"]);
  const [user, operational] = [await keys("*"), await keys("+")];
  assert.deepEqual(await keys("*", "+"), [...user, ...operational]);
  assert.deepEqual(await keys(), user);
  const typesOnly = aSearch(equal("uid", "anna"), { typesOnly: true, attributes: ["uid"] });
  assert.deepEqual((await talk.ask(typesOnly)).entries[0]?.attributes, { uid: [] });
});

const attribute = fc.constantFrom(
  "uid",
  "cn",
  "uidNumber",
  "memberOf",
  "member",
  "objectClass",
  "displayName",
  "ou",
  "shoeSize",
  "gridwardRoleId",
);
const value = fc.constantFrom(
  "anna",
  "ANNA",
  "Otto Groß",
  "10001",
  "bay1",
  "Q01",
  "OPERATOR",
  "people",
  "posixAccount",
  "groupOfNames",
  annaDn,
  `cn=operator,ou=roles,${base}`,
  `cn=bay1,ou=groups,${base}`,
);
const { filter } = fc.letrec<{ filter: LdapFilter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small" },
    fc.record({ kind: fc.constantFrom("equal", "approximate"), attribute, value }),
    fc.record({ kind: fc.constant("present" as const), attribute }),
    fc.record({
      kind: fc.constantFrom("and", "or"),
      filters: fc.array(tie("filter"), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant("not" as const), filter: tie("filter") }),
  ),
}));

test("[LDS13] an index never changes the answer", async () => {
  const talk = await aReader();
  await fc.assert(
    fc.asyncProperty(filter, async (wanted) => {
      // A doubled negation has the same truth and no index.
      const twice: LdapFilter = { kind: "not", filter: { kind: "not", filter: wanted } };
      const indexed = await talk.ask(aSearch(wanted));
      assert.deepEqual(namesOf(indexed), namesOf(await talk.ask(aSearch(twice))));
      assert.equal(new Set(namesOf(indexed)).size, indexed.entries.length, "none comes twice");
    }),
    { numRuns: 500 },
  );
});

test("[LDS13] an entry that several indexes give comes once", async () => {
  const filters = [equal("uid", "anna"), equal("cn", "anna"), equal("uidNumber", "10001")];
  const asked = await (await aReader()).ask(aSearch({ kind: "or", filters }));
  assert.deepEqual(namesOf(asked), ["uid=anna,ou=people"]);
});

test("[LDS14] a new account is found at once by uid, uidNumber, DN and group", async () => {
  const talk = await aReader();
  await talk.ask(aSearch(equal("uidNumber", "10001"))); // An index is there, and will be old.
  const group = [...talk.world.state.tables.groups.values()].map(({ id }) => id);
  talk.world.must(createAccount("nora", { groups: group }));
  const uidNumber = String(talk.world.account("nora").uidNumber);
  for (const wanted of [
    equal("uid", "nora"),
    equal("uidNumber", uidNumber),
    and(equal("memberOf", `cn=bay1,ou=groups,${base}`), equal("uid", "nora")),
  ]) {
    const found = namesOf(await talk.ask(aSearch(wanted)));
    assert.deepEqual(found, ["uid=nora,ou=people"], JSON.stringify(wanted));
  }
  await readOne(talk, `uid=nora,ou=people,${base}`);
});

test("[LDS14] by cn and by role it is found when the index has reached its age", async () => {
  const talk = await aReader();
  const search = aSearch(equal("cn", "Nora"));
  assert.deepEqual(namesOf(await talk.ask(search)), []);
  talk.world.must(createAccount("nora", { displayName: "Nora" }));
  talk.monotonic = indexAgeMax;
  assert.deepEqual(namesOf(await talk.ask(search)), ["uid=nora,ou=people"]);
  const role = aSearch(equal("memberOf", `cn=OPERATOR,ou=roles,${base}`));
  assert.equal(namesOf(await talk.ask(role)).length, 3);
});

test("[LDS14] an old index never shows what is no longer so", async () => {
  const talk = await aReader("sara");
  const search = aSearch(equal("cn", "Otto Groß"));
  assert.deepEqual(namesOf(await talk.ask(search)), ["uid=otto,ou=people"]);
  talk.world.must({ kind: "update-account", id: accountId("otto"), displayName: "Otto Klein" });
  assert.deepEqual(namesOf(await talk.ask(search)), []);
});

test("[LDS15] a remembered encoding follows row, groups, reader and attribute list", async () => {
  const talk = await aReader("sara");
  const memberOf = async (): Promise<unknown> =>
    (await readOne(talk, annaDn, "memberOf")).attributes["memberOf"];
  const [operator, bay] = [`cn=OPERATOR,ou=roles,${base}`, `cn=bay1,ou=groups,${base}`];
  assert.deepEqual(await memberOf(), [operator, bay]);
  const [group] = [...talk.world.state.tables.groups.values()];
  assert.ok(group);
  talk.world.must({ kind: "deny-in-group", id: group.id, account: anna });
  assert.deepEqual(await memberOf(), [operator], "the account's row is the same");
  talk.world.must({ kind: "update-account", id: anna, displayName: "Anna M." });
  assert.deepEqual((await readOne(talk, annaDn, "cn")).attributes, { cn: ["Anna M."] });
  const secret = ["uid", "pwdChangedTime"];
  assert.equal(Object.keys((await readOne(talk, annaDn, ...secret)).attributes).length, 2);
  talk.world.must({
    kind: "update-account",
    id: accountId("sara"),
    roles: [aRole(roleIds.VIEWER)],
  });
  assert.equal(Object.keys((await readOne(talk, annaDn, ...secret)).attributes).length, 1);
});

test("[LDS16] compare", async () => {
  const talk = await aReader();
  const compare = async (entry: string, name: string, wanted: string): Promise<unknown> =>
    (await talk.ask({ kind: "compare", entry, attribute: name, value: wanted })).code;
  assert.equal(await compare(annaDn, "cn", "ANNA"), "compareTrue");
  assert.equal(await compare(annaDn, "cn", "Otto"), "compareFalse");
  assert.equal(await compare(annaDn, "description", "x"), "noSuchAttribute");
  assert.equal(await compare(annaDn, "uidNumber", "x"), "invalidAttributeSyntax");
  assert.equal(await compare(annaDn, "shoeSize", "42"), "undefinedAttributeType");
  assert.equal(await compare(`uid=x,ou=people,${base}`, "cn", "x"), "noSuchObject");
  assert.equal(await compare("x", "cn", "x"), "invalidDnSyntax");
  assert.equal(await compare(`cn=bay1,ou=groups,${base}`, "member", annaDn), "compareTrue");
});
