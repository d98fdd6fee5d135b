import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client, InvalidCredentialsError } from "ldapts";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { annaDn, aTown, base, Talk } from "@gridward/server/frontends/ldap/fixtures";
import { anLdapServer, ldapIdentity } from "@gridward/server/frontends/ldap/an-ldap-server";
import type { LdapServer } from "@gridward/server/frontends/ldap/serve-ldap";

// A second implementation of LDAP, in JavaScript like ours but by others, reads what we write.

const authority = testAuthority("Test authority", Date.now());
let server: LdapServer | undefined;
let client: Client | undefined;

before(async () => {
  const issued = authority.issue({ profile: "server", hosts: ["127.0.0.1"] });
  server = await anLdapServer(new Talk(aTown()).frontEnd, { identity: ldapIdentity(issued) });
});

after(async () => {
  await client?.unbind();
  await server?.close();
});

function connected(): Client {
  client ??= new Client({
    url: `ldaps://127.0.0.1:${server?.port ?? 0}`,
    tlsOptions: { ca: [authority.certificate.toString()] },
  });
  return client;
}

test("[FE1] ldapts signs in, and reads our refusal as the one for wrong credentials", async () => {
  await assert.rejects(connected().bind(annaDn, "wrong"), InvalidCredentialsError);
  await connected().bind(annaDn, "right");
  assert.equal(connected().isBound, true);
});

test("[FE1] ldapts finds accounts by filters of several kinds", async () => {
  await connected().bind(annaDn, "right");
  for (const filter of ["(uid=anna)", "(&(objectClass=posixAccount)(uid=a*a))", "(cn=anna)"]) {
    const options = { filter, attributes: ["uid", "uidNumber"] };
    const { searchEntries } = await connected().search(base, options);
    assert.deepEqual(searchEntries, [{ dn: annaDn, uid: "anna", uidNumber: "10001" }], filter);
  }
});
