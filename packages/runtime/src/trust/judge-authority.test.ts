import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, type X509Certificate } from "node:crypto";
import { test } from "node:test";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  BasicConstraints,
  ExtendedKeyUsage,
  Extension,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  KeyUsage,
  KeyUsageFlags,
  NameConstraints,
  type TBSCertificate,
} from "@peculiar/asn1-x509";
import { day } from "@gridward/core/base/time";
import type { RefusalCode } from "@gridward/core/domain/refusal";
import { judgeAuthority } from "./judge-authority.ts";
import { reissue, withSha1 } from "./test-reissue.ts";
import { tryChain } from "./try-chain.ts";
import { buildCertificate } from "./x509/certificate.ts";
import { createAuthorityKey, createTlsKey } from "./x509/keys.ts";
import { objectIds } from "./x509/object-ids.ts";

const now = Date.now();

interface TestCa {
  readonly key: KeyObject;
  readonly certificate: X509Certificate;
}

function aRoot(key = createTlsKey()): TestCa {
  const order = { profile: "root", publicKey: key, subject: { commonName: "Root" } } as const;
  return { key, certificate: buildCertificate({ ...order, hosts: [], now }, { key }) };
}

function below(
  parent: TestCa,
  commonName: string,
  choice: { readonly profile?: "root" | "authority"; readonly key?: KeyObject } = {},
): TestCa {
  const { profile = "authority", key = createTlsKey() } = choice;
  const order = { profile, publicKey: key, subject: { commonName }, hosts: [], now };
  return { key, certificate: buildCertificate(order, parent) };
}

function says(
  id: string,
  value: object,
): (certificate: Pick<TBSCertificate, "extensions">) => void {
  return ({ extensions }) => {
    const extnValue = new OctetString(AsnConvert.serialize(value));
    const found = extensions?.find(({ extnID }) => extnID === id);
    if (found !== undefined) found.extnValue = extnValue;
    else extensions?.push(new Extension({ extnID: id, critical: true, extnValue }));
  };
}

const root = aRoot();
const middle = below(root, "Middle", { profile: "root" });
const own = below(middle, "Ours");

function codeOf(found: readonly X509Certificate[], key = own.key, at = now): RefusalCode | "ok" {
  const judged = judgeAuthority(found, key, at);
  return judged.ok ? "ok" : judged.error.code;
}

test("[UR1][PK1] the chain of an answer is put in order out of whatever came with it", () => {
  const stranger = aRoot();
  const judged = judgeAuthority(
    [root, stranger, own, middle].map(({ certificate }) => certificate),
    own.key,
    now,
  );
  assert.ok(judged.ok);
  assert.deepEqual(judged.value, [own.certificate, middle.certificate, root.certificate]);
});

test("[UR1][PK1] a renewed certificate of the same key is taken before the older one", () => {
  const older = reissue(own.certificate, middle.key, ({ validity }) => {
    validity.notAfter.utcTime = new Date(now + day);
  });
  const judged = judgeAuthority(
    [older, own.certificate, middle.certificate, root.certificate],
    own.key,
    now,
  );
  assert.ok(judged.ok && judged.value[0] === own.certificate);
});

test("[UR2][PK1] each flaw of an answer is refused by its own name", () => {
  const rest = [middle.certificate, root.certificate];
  const change = (change_: (certificate: TBSCertificate) => void): X509Certificate =>
    reissue(own.certificate, middle.key, change_);
  const signsNot = (flags: number): X509Certificate =>
    change(says(id_ce_keyUsage, new KeyUsage(flags)));
  const noCa = change(says(id_ce_basicConstraints, new BasicConstraints({})));
  const badMiddle = reissue(
    middle.certificate,
    root.key,
    says(id_ce_basicConstraints, new BasicConstraints({})),
  );
  const shortRoot = reissue(
    root.certificate,
    root.key,
    says(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 })),
  );
  const weakKey = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
  const weakRoot = aRoot(weakKey);
  const underWeak = below(weakRoot, "Ours", { key: own.key });
  const deep = [1, 2, 3].reduce<readonly TestCa[]>(
    ([last = middle, ...more], at) => [
      below(last, `Deep ${at}`, { profile: "root" }),
      last,
      ...more,
    ],
    [middle],
  );
  const tooDeep = below(deep[0] ?? middle, "Ours", { key: own.key });
  const table: readonly (readonly [RefusalCode, readonly X509Certificate[], number?])[] = [
    ["authority.not-found", rest],
    ["authority.not-found", []],
    ["authority.not-ca", [noCa, ...rest]],
    ["authority.not-ca", [own.certificate, badMiddle, root.certificate]],
    ["authority.cannot-sign", [signsNot(KeyUsageFlags.cRLSign), ...rest]],
    ["authority.cannot-sign", [signsNot(KeyUsageFlags.keyCertSign), ...rest]],
    ["authority.no-root", [own.certificate]],
    ["authority.no-root", [own.certificate, middle.certificate]],
    ["authority.path-length", [own.certificate, middle.certificate, shortRoot]],
    ["authority.not-in-time", [own.certificate, ...rest], now - day],
    ["authority.not-in-time", [own.certificate, ...rest], now + 8_000 * day],
    ["authority.weak", [underWeak.certificate, weakRoot.certificate]],
    ["authority.too-long", [tooDeep, ...deep, root].map(({ certificate }) => certificate)],
  ];
  for (const [code, found, at] of table) assert.equal(codeOf(found, own.key, at), code);
});

test("[UR2][PK1] what is signed with SHA-1 is weak, but for the root's own signature", () => {
  const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const rsaRoot = aRoot(key);
  const ours = below(rsaRoot, "Ours", { key: own.key });
  assert.equal(codeOf([ours.certificate, rsaRoot.certificate]), "ok");
  const old = withSha1(ours.certificate, key);
  assert.equal(codeOf([old, rsaRoot.certificate]), "authority.weak");
  const oldRoot = withSha1(rsaRoot.certificate, key);
  assert.equal(codeOf([ours.certificate, oldRoot]), "ok");
});

test("[UR3][PK1] OpenSSL has the last word: names, purposes and lengths that we do not read", async () => {
  const key = createTlsKey();
  const tried = async (issuer: TestCa): Promise<string | null> => {
    const order = { profile: "server", publicKey: key, subject: { commonName: "A" } } as const;
    const leaf = buildCertificate({ ...order, hosts: ["127.0.0.1"], now }, issuer);
    const sent = [leaf, issuer.certificate, middle.certificate];
    return tryChain({ key, sent, root: root.certificate });
  };
  const changed = (id: string, value: object): TestCa => ({
    key: own.key,
    certificate: reissue(own.certificate, middle.key, says(id, value)),
  });
  assert.equal(await tried(own), null);
  const base = new GeneralSubtree({ base: new GeneralName({ dNSName: "utility.example" }) });
  const addresses = new GeneralSubtree({
    base: new GeneralName({ iPAddress: "10.0.0.0/8" }),
  });
  const permittedSubtrees = new GeneralSubtrees([base, addresses]);
  const names = changed(id_ce_nameConstraints, new NameConstraints({ permittedSubtrees }));
  assert.equal(await tried(names), "permitted subtree violation");
  const purposes = changed(id_ce_extKeyUsage, new ExtendedKeyUsage([objectIds.serverAuth]));
  assert.equal(await tried(purposes), "INVALID_PURPOSE");
  const unknown = changed("1.2.3.4", new BasicConstraints({}));
  assert.equal(await tried(unknown), "unhandled critical extension");
});

test("[UR3][PK1] a chain of every key type is taken by OpenSSL", async () => {
  for (const type of ["p256", "p384", "rsa3072", "rsa4096"] as const) {
    const top = aRoot(await createAuthorityKey(type));
    const issuing = below(top, "Ours", { key: await createAuthorityKey(type) });
    assert.equal(codeOf([top.certificate, issuing.certificate], issuing.key), "ok");
    const leaf = below(issuing, "A");
    const order = { profile: "device", publicKey: leaf.key, subject: { commonName: "A" } } as const;
    const certificate = buildCertificate({ ...order, hosts: [], now }, issuing);
    const sent = [certificate, issuing.certificate];
    assert.equal(await tryChain({ key: leaf.key, sent, root: top.certificate }), null, type);
  }
});
