import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openEveryPort, type OpenPorts, type PortName, portNames } from "../every-port.ts";

/** One policy for every port (design §6), as OpenSSL's client and sslscan find it. */

const isWanted = process.env["GRIDWARD_PEERS"] !== "0";
const has = (tool: string, word: string): boolean => spawnSync(tool, [word]).error === undefined;
const needsOpenssl = { skip: isWanted && has("openssl", "version") ? false : "needs openssl" };
const needsSslscan = { skip: isWanted && has("sslscan", "--version") ? false : "needs sslscan" };

const directory = mkdtempSync(join(tmpdir(), "gridward-tls-"));

let ports: OpenPorts | undefined;

before(async () => {
  ports = await openEveryPort();
});

after(async () => {
  await ports?.close();
  rmSync(directory, { recursive: true });
});

function portOf(name: PortName): string {
  return `127.0.0.1:${ports?.of(name) ?? 0}`;
}

/** All that a tool prints, its input being these lines. */
async function run(tool: string, words: readonly string[], input = ""): Promise<string> {
  const child = spawn(tool, words, { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => undefined).end(input);
  const closed = once(child, "close");
  const [out, error] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  await closed;
  return out.join("") + error.join("");
}

async function connect(name: PortName, words: readonly string[], input?: string): Promise<string> {
  return run("openssl", ["s_client", "-connect", portOf(name), ...words], input);
}

/** What OpenSSL's client agreed on, or "none". */
function agreed(printed: string): string {
  const [, version = "", suite = ""] = /New, (TLSv[\d.]+), Cipher is (\S+)/.exec(printed) ?? [];
  return version === "" || suite === "(NONE)" ? "none" : `${version} ${suite}`;
}

/** Each offers nothing that the policy has; the second all suites of OpenSSL but its own. */
const refused: readonly (readonly [what: string, words: readonly string[]])[] = [
  ["TLS 1.0 and 1.1", ["-no_tls1_2", "-no_tls1_3", "-cipher", "ALL:@SECLEVEL=0"]],
  [
    "RSA key exchange, CBC, CCM, CCM_8, no encryption",
    ["-tls1_2", "-cipher", "ALL:COMPLEMENTOFALL:!ECDHE+AESGCM:@SECLEVEL=0"],
  ],
  [
    "CCM and CCM_8 of TLS 1.3",
    ["-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256"],
  ],
  ["another curve", ["-groups", "secp521r1"]],
];

for (const name of portNames) {
  test(
    `[TP1] ${name}: the policy's suites are agreed on, and no weaker one`,
    needsOpenssl,
    async () => {
      const aes = "ECDHE-ECDSA-AES256-GCM-SHA384";
      assert.equal(agreed(await connect(name, ["-tls1_2"])), `TLSv1.2 ${aes}`);
      assert.equal(agreed(await connect(name, ["-tls1_3"])), "TLSv1.3 TLS_AES_256_GCM_SHA384");
      for (const [what, words] of refused) {
        const printed = await connect(name, words);
        assert.equal(agreed(printed), "none", `${what}:\n${printed}`);
        // Received, so it is our refusal: a client that has nothing to offer ends before it asks.
        assert.match(printed, /SSL alert number (?:40|70)$/m, `${what}:\n${printed}`);
      }
    },
  );

  test(`[TP2] ${name}: no session is resumed`, needsOpenssl, async () => {
    for (const version of ["-tls1_2", "-tls1_3"]) {
      const session = join(directory, `${name}${version}`);
      const first = await connect(name, [version, "-sess_out", session], "\n");
      assert.match(first, /^New, TLSv/m);
      const second = await connect(name, [version, "-sess_in", session]);
      assert.doesNotMatch(second, /^Reused, /m, version);
    }
  });

  test(`[TP3] ${name}: a client that negotiates anew gets nowhere`, needsOpenssl, async () => {
    const protocol = `gridward-${name === "witness" ? "witness" : "partner"}/1`;
    const words = name === "link" || name === "witness" ? ["-alpn", protocol] : [];
    const printed = await connect(name, ["-tls1_2", ...words], "R\n");
    assert.match(printed, /RENEGOTIATING/);
    assert.match(printed, /no renegotiation/);
  });

  test(
    `[TP4] ${name}: sslscan finds the suites of the policy and no weakness`,
    needsSslscan,
    async () => {
      const printed = await run("sslscan", ["--xml=-", "--no-colour", portOf(name)]);
      const suites = [
        ...printed.matchAll(/<cipher status="\w+" sslversion="(\S+)".* cipher="(\S+)"/g),
      ];
      assert.deepEqual(
        suites.map(([, version, suite]) => `${version ?? ""} ${suite ?? ""}`).toSorted(),
        [
          "TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256",
          "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384",
          "TLSv1.3 TLS_AES_128_GCM_SHA256",
          "TLSv1.3 TLS_AES_256_GCM_SHA384",
          "TLSv1.3 TLS_CHACHA20_POLY1305_SHA256",
        ],
      );
      assert.match(printed, /<protocol type="tls" version="1.1" enabled="0"/);
      assert.match(printed, /<renegotiation supported="0"/);
      assert.doesNotMatch(printed, /<compression supported="1"|vulnerable="1"/);
      const groups = [...printed.matchAll(/<group .*name="(\w+)/g)].map(([, group = ""]) => group);
      assert.deepEqual([...new Set(groups)].toSorted(), ["secp256r1", "secp384r1", "x25519"]);
    },
  );
}
