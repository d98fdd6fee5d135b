import assert from "node:assert/strict";
import { test } from "node:test";
import { describeSchema, findAttributeType, findObjectClass } from "./schema.ts";

const schema = describeSchema();

test("[LDAP17] attributes and classes are described as RFC 4512 §4.1 writes them", () => {
  const attributes = schema.get("attributeTypes") ?? [];
  assert.ok(
    attributes.includes(
      "( 0.9.2342.19200300.100.1.1 NAME ( 'uid' 'userid' ) EQUALITY caseIgnoreMatch" +
        " SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
    ),
  );
  const classes = schema.get("objectClasses") ?? [];
  assert.ok(
    classes.includes(
      "( 2.16.840.1.113730.3.2.2 NAME 'inetOrgPerson' SUP organizationalPerson STRUCTURAL" +
        " MAY ( displayName $ uid ) )",
    ),
  );
});

test("[LDAP17] a class names only attributes that are described too", () => {
  for (const text of schema.get("objectClasses") ?? []) {
    const lists = [...text.matchAll(/(?:MUST|MAY) \( ([^)]*) \)/g)];
    for (const name of lists.flatMap(([, names = ""]) => names.split(" $ "))) {
      assert.equal(findAttributeType(name)?.name, name);
    }
  }
});

test("[LDAP17] no two attributes and no two classes share an OID", () => {
  const described = [
    ...(schema.get("attributeTypes") ?? []),
    ...(schema.get("objectClasses") ?? []),
  ];
  const oids = described.map((text) => text.split(" ")[1]);
  assert.equal(new Set(oids).size, oids.length);
});

test("[LDAP17] names are found in any case, by alias and by OID", () => {
  assert.equal(findAttributeType("COMMONNAME")?.name, "cn");
  assert.equal(findAttributeType("2.5.4.3")?.name, "cn");
  assert.equal(findAttributeType("userPassword"), undefined);
  assert.equal(findObjectClass("2.5.6.9"), "groupofnames");
});
