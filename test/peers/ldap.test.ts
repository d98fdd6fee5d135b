import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { encodeBer } from "@gridward/core/codec/ber";
import { encodeRequest } from "@gridward/core/codec/ldap/request";
import { encodeEnvelope } from "@gridward/core/codec/ldap/message";
import { randomBytes } from "@gridward/runtime/os/random";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import type { OwnChange } from "@gridward/server/desk/change-own-password";
import type { ChangePassword } from "@gridward/server/frontends/ldap/modify-password";
import { annaDn, aTown, base, rootDse, Talk } from "@gridward/server/frontends/ldap/fixtures";
import { anLdapServer, ldapIdentity } from "@gridward/server/frontends/ldap/an-ldap-server";
import type { LdapServer } from "@gridward/server/frontends/ldap/serve-ldap";
import { ldapTool, needsTools, type Said } from "./ldap-tool.ts";

/** Whether a new password is taken; the old one is proved by what the tool sends. */
const changes: OwnChange[] = [];
const changePassword: ChangePassword = async (change) => {
  changes.push(change);
  const isShort = change.chosen.reveal().length < 8;
  return isShort ? { code: "password.too-short", detail: "at least 8 characters" } : null;
};
const talk = new Talk(aTown(), null, changePassword);
const directory = mkdtempSync(join(tmpdir(), "gridward-ldap-"));
const authorityFile = join(directory, "ca.pem");
let server: LdapServer | undefined;

before(async () => {
  const authority = testAuthority("Test authority", Date.now());
  const issued = authority.issue({ profile: "server", hosts: ["127.0.0.1"] });
  writeFileSync(authorityFile, authority.certificate.toString());
  for (const password of ["right", "wrong", "short", "Meadow-under-3-oaks"]) {
    writeFileSync(join(directory, password), password, { mode: 0o600 });
  }
  server = await anLdapServer(talk.frontEnd, { identity: ldapIdentity(issued), changePassword });
});

after(async () => {
  await server?.close();
  rmSync(directory, { recursive: true });
});

/** With the certificate of the server verified. */
async function run(tool: string, ...words: readonly string[]): Promise<Said> {
  // Not "localhost": libldap would then expect the machine's own name in the certificate.
  const url = `ldaps://127.0.0.1:${server?.port ?? 0}`;
  return ldapTool(tool, ["-H", url, ...words], { LDAPTLS_CACERT: authorityFile });
}

function as(name: string, password = "right"): readonly string[] {
  return ["-x", "-D", `uid=${name},ou=people,${base}`, "-y", join(directory, password)];
}

test("[FE1] ldapwhoami signs in and is told who it is", needsTools, async () => {
  assert.deepEqual(await run("ldapwhoami", ...as("anna")), {
    code: 0,
    out: `dn:${annaDn}\n`,
    error: "",
  });
  assert.deepEqual(await run("ldapwhoami", "-x"), { code: 0, out: "anonymous\n", error: "" });
});

test("[FE1][AM10] wrong password and unknown account look the same", needsTools, async () => {
  const wrong = await run("ldapwhoami", ...as("anna", "wrong"));
  assert.equal(wrong.code, 49);
  assert.deepEqual(await run("ldapwhoami", ...as("nobody")), wrong);
});

test("[FE1][AM3] ldapwhoami is told of the policy", needsTools, async () => {
  talk.told = { expiresAt: talk.now + 3_600_000, warns: true };
  const { code, error } = await run("ldapwhoami", ...as("anna"), "-e", "ppolicy");
  talk.told = {};
  assert.equal(code, 0);
  assert.match(error, /expire in 3600 seconds|3600 seconds/u);
});

test(
  "[FE1][AM3] ldappasswd changes one's own password, and hears why not",
  needsTools,
  async () => {
    const change = async (chosen: string) => {
      const files = ["-t", join(directory, "right"), "-T", join(directory, chosen)];
      return run("ldappasswd", ...as("anna"), "-e", "ppolicy", ...files);
    };
    const short = await change("short");
    assert.match(short.out + short.error, /\(19\)/u);
    assert.match(short.out + short.error, /too short/iu);
    assert.equal((await change("Meadow-under-3-oaks")).code, 0);
    assert.deepEqual(
      changes.map(({ current, chosen }) => [current?.reveal(), chosen.reveal()]),
      [
        ["right", "short"],
        ["right", "Meadow-under-3-oaks"],
      ],
    );
  },
);

test("[FE1] ldapsearch finds an account as pam_ldap looks for it", needsTools, async () => {
  const filter = "(&(objectClass=posixAccount)(uid=anna))";
  const { code, out } = await run(
    "ldapsearch",
    ...as("otto"),
    "-LLL",
    "-b",
    base,
    filter,
    "uid",
    "uidNumber",
    "memberOf",
  );
  assert.equal(code, 0);
  assert.equal(
    out,
    [
      `dn: ${annaDn}`,
      "uid: anna",
      "uidNumber: 10001",
      `memberOf: cn=OPERATOR,ou=roles,${base}`,
      `memberOf: cn=bay1,ou=groups,${base}`,
      "\n",
    ].join("\n"),
  );
});

test(
  "[FE1] ldapsearch reads the root DSE and the schema before it signs in",
  needsTools,
  async () => {
    const root = await run("ldapsearch", "-x", "-LLL", "-s", "base", "-b", "", "namingContexts");
    assert.equal(root.out, `dn:\nnamingContexts: ${base}\n\n`);
    const schema = await run("ldapsearch", "-x", "-LLL", "-s", "base", "-b", "cn=Subschema", "+");
    assert.match(schema.out, /^attributeTypes: \( 0\.9\.2342\.19200300\.100\.1\.1 NAME/m);
    const people = await run("ldapsearch", "-x", "-LLL", "-b", base);
    assert.deepEqual([people.code, people.out], [50, ""]);
  },
);

test("[FE1] ldapsearch writes every kind of filter and gets its answer", needsTools, async () => {
  const filters: readonly (readonly [string, number])[] = [
    ["(uid=a*n*a)", 1],
    ["(uidNumber>=10002)", 2],
    ["(!(uidNumber<=10001))", 17],
    ["(|(uid=anna)(cn=Otto Gro\\c3\\9f))", 2],
    ["(cn~=anna)", 1],
    ["(ou:dn:=people)", 5],
    ["(uid:caseExactMatch:=ANNA)", 0],
    ["(&)", 19],
    ["(objectClass=nothingOfOurs)", 0],
  ];
  for (const [filter, expected] of filters) {
    const { code, out } = await run("ldapsearch", ...as("anna"), "-LLL", "-b", base, filter, "1.1");
    assert.equal(code, 0, filter);
    assert.equal(out.match(/^dn:/gm)?.length ?? 0, expected, filter);
  }
});

test("[FE1] ldapcompare, and a write that is refused", needsTools, async () => {
  const compared = await run("ldapcompare", ...as("anna"), annaDn, "cn:anna");
  assert.deepEqual([compared.code, compared.out.trim()], [6, "TRUE"]);
  const deleted = await run("ldapdelete", ...as("anna"), annaDn);
  assert.equal(deleted.code, 53);
});

/** What the server sent before it closed, or before `count` octets were there. */
async function send(count: number, ...pieces: readonly Uint8Array[]): Promise<Buffer> {
  const socket: TLSSocket = connect({
    host: "127.0.0.1",
    port: server?.port ?? 0,
    rejectUnauthorized: false,
  });
  socket.on("error", () => {}); // A reset after the goodbye is no news.
  await once(socket, "secureConnect");
  for (const piece of pieces) socket.write(piece);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if (Buffer.concat(chunks).length >= count) socket.destroy();
  });
  await once(socket, "close");
  return Buffer.concat(chunks);
}

const all = Number.POSITIVE_INFINITY;
const disconnection = Buffer.from("1.3.6.1.4.1.1466.20036");

test("[FE1] a hostile client harms nobody: noise, nesting, a length of 4 GiB", async () => {
  let nested: Uint8Array = encodeBer(0x87, Buffer.from("cn"));
  for (let depth = 0; depth < 20_000; depth++) nested = encodeBer(0xa2, nested);
  for (const bytes of [
    Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff),
    encodeEnvelope(1, encodeBer(0x63, nested)),
    Buffer.from("GET / HTTP/1.1\r\n\r\n"),
    Uint8Array.of(0x30, 0x80),
  ]) {
    assert.ok(
      (await send(all, bytes)).includes(disconnection),
      Buffer.from(bytes).toString("hex", 0, 8),
    );
  }
  for (let round = 0; round < 50; round++) {
    // A first octet that may begin a message lets the rest be read.
    await send(all, Uint8Array.of(0x30, 0x20, ...randomBytes(200)));
  }
  const unbind = Uint8Array.of(0x30, 0x05, 0x02, 0x01, 0x01, 0x42, 0x00);
  assert.equal((await send(all, unbind)).length, 0);
});

test("[FE1] half a message is waited for, and its other half answered", async () => {
  const request = encodeRequest({ id: 1, request: rootDse("objectClass"), controls: [] });
  const [first, second] = [request.subarray(0, 9), request.subarray(9)];
  const answer = await send(1, first, second);
  assert.ok(answer.includes("objectClass"));
});
