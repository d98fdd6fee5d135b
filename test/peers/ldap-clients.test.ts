import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { defaultSecurity, type SecuritySettings } from "@gridward/core/base/security-settings";
import { accountId } from "@gridward/core/base/identity";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { openClientGate } from "@gridward/server/clients/client-gate";
import { tlsOf } from "@gridward/server/frontends/https/a-server";
import { annaDn, aTown, base, Talk } from "@gridward/server/frontends/ldap/fixtures";
import { anLdapServer, ldapIdentity } from "@gridward/server/frontends/ldap/an-ldap-server";
import type { LdapServer } from "@gridward/server/frontends/ldap/serve-ldap";
import { ldapTool, needsTools, type Said } from "./ldap-tool.ts";

// OpenLDAP's own tools with certificates, with StartTLS, and without TLS (CS7, CS13).

const talk = new Talk(aTown());
const directory = mkdtempSync(join(tmpdir(), "gridward-ldap-clients-"));
const authority = testAuthority("Hill", Date.now());
const world: { settings: SecuritySettings; isLegacy: boolean } = {
  settings: { ...defaultSecurity, map_clients: true },
  isLegacy: false,
};
let server: LdapServer | undefined;

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const authorityFile = file("ca.pem", authority.certificate.toString());
const password = file("right", "right");

/** Where the tools find the certificate of a person with this mail address. */
function person(email: string): NodeJS.ProcessEnv {
  const { key, cert } = tlsOf(authority.issue({ profile: "person", emails: [email] }));
  return {
    LDAPTLS_CERT: file(`${email}.pem`, cert),
    LDAPTLS_KEY: file(`${email}.key`, key),
  };
}

before(async () => {
  const key = "email:anna@example.org";
  talk.world.must({ kind: "map-certificate", key, account: accountId("anna") });
  const anchors = [authority.certificate.toString()];
  const own = authority.issue({ profile: "server", hosts: ["127.0.0.1"] });
  server = await anLdapServer(talk.frontEnd, {
    clear: { port: 0, isLegacy: () => world.isLegacy, noteSignIn: () => {} },
    identity: ldapIdentity(own, anchors),
    clients: openClientGate({
      settings: () => world.settings,
      trust: () => ({ anchors, lists: [] }),
      state: talk.frontEnd.state,
      condition: talk.frontEnd.condition,
      now: () => Date.now(),
      onRefused: () => {},
    }),
  });
});

after(async () => {
  await server?.close();
  rmSync(directory, { recursive: true });
});

async function run(
  tool: string,
  words: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Promise<Said> {
  return ldapTool(tool, words, { LDAPTLS_CACERT: authorityFile, ...more });
}

const secure = () => ["-H", `ldaps://127.0.0.1:${server?.port ?? 0}`];
const clear = () => ["-H", `ldap://127.0.0.1:${server?.clearPort ?? 0}`];
const asAnna = ["-x", "-D", annaDn, "-y", password];

test("[FE1][CS13] ldapwhoami -Y EXTERNAL is who its certificate leads to", needsTools, async () => {
  const anna = person("anna@example.org");
  const external = ["-Q", "-Y", "EXTERNAL"];
  for (const door of [secure(), [...clear(), "-ZZ"]]) {
    const who = await run("ldapwhoami", [...door, ...external], anna);
    assert.deepEqual(who, { code: 0, out: `dn:${annaDn}\n`, error: "" });
  }
  const self = await run("ldapwhoami", [...secure(), ...external, "-X", "u:anna"], anna);
  assert.equal(self.out, `dn:${annaDn}\n`);
  const other = await run("ldapwhoami", [...secure(), ...external, "-X", "u:otto"], anna);
  assert.equal(other.code, 49);
  const none = await run("ldapwhoami", [...secure(), ...external]);
  assert.notEqual(none.code, 0);
  const search = ["-LLL", "-b", base, "(uid=otto)", "uid"];
  const found = await run("ldapsearch", [...secure(), ...external, ...search], anna);
  assert.match(found.out, /^uid: otto$/m);
});

test(
  "[FE1][CS6] a stranger's certificate hears in ldapwhoami why it is declined",
  needsTools,
  async () => {
    const nobody = person("nobody@example.org");
    const declined = await run("ldapwhoami", [...secure(), ...asAnna], nobody);
    assert.equal(declined.code, 8);
    assert.match(declined.error, /leads to no account/);
    world.settings = { ...defaultSecurity, require_client_certificates: true };
    const bare = await run("ldapwhoami", [...secure(), ...asAnna]);
    assert.equal(bare.code, 8);
    assert.match(bare.error, /no client without a certificate\. \(T09\)/);
    const shown = await run("ldapwhoami", [...secure(), ...asAnna], nobody);
    assert.equal(shown.out, `dn:${annaDn}\n`);
    world.settings = { ...defaultSecurity, map_clients: true };
  },
);

test("[FE1][CS7] ldapwhoami -ZZ and ldapsearch -ZZ sign in over StartTLS", needsTools, async () => {
  const who = await run("ldapwhoami", [...clear(), "-ZZ", ...asAnna]);
  assert.deepEqual(who, { code: 0, out: `dn:${annaDn}\n`, error: "" });
  const words = [...clear(), "-ZZ", ...asAnna, "-LLL", "-b", base, "(uid=anna)", "uid"];
  assert.match((await run("ldapsearch", words)).out, /^uid: anna$/m);
  const distrusted = await run("ldapwhoami", [...clear(), "-ZZ", "-x"], {
    LDAPTLS_CACERT: file("other.pem", testAuthority("Other", Date.now()).certificate.toString()),
  });
  assert.equal(distrusted.code, 1);
});

test(
  "[FE1][CS7] ldapsearch -H ldap:// is served where the peer is listed, and else told 13",
  needsTools,
  async () => {
    const words = [...clear(), ...asAnna, "-LLL", "-b", base, "(uid=anna)", "uid"];
    const earlier = talk.attempts.length;
    const refused = await run("ldapsearch", words);
    assert.equal(refused.code, 13);
    assert.match(refused.error, /Confidentiality required[\s\S]*use StartTLS or LDAPS/);
    assert.equal(talk.attempts.length, earlier);
    world.isLegacy = true;
    assert.match((await run("ldapsearch", words)).out, /^uid: anna$/m);
    assert.equal(talk.attempts.at(-1)?.isClear, true);
    world.isLegacy = false;
  },
);
