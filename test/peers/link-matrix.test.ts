import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { TlsCauseCode } from "@gridward/core/domain/tls-cause";
import { dialLink } from "@gridward/runtime/link/dial";
import { type LinkSettings, strictLink } from "@gridward/runtime/link/link-settings";
import { a, b, opened, until } from "@gridward/runtime/link/test-ends";
import { brief, dialOptions, testServer } from "@gridward/runtime/link/test-link";
import { kindsOf, matrixAnchors, type CertificateKind } from "@gridward/runtime/trust/test-kinds";
import { demands, matrix } from "@gridward/runtime/trust/test-matrix";
import { keyToPem } from "@gridward/runtime/trust/x509/keys";

const needsOpenssl = { skip: whyNot(), timeout: 60_000 };

function whyNot(): string | false {
  if (process.env["GRIDWARD_PEERS"] === "0") return "GRIDWARD_PEERS=0: no peers here";
  return spawnSync("openssl", ["version"]).error === undefined ? false : "openssl is not installed";
}

const directory = mkdtempSync(join(tmpdir(), "gridward-link-"));
after(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const kinds = kindsOf(b.node);
const callers = kindsOf(a.node);
const anchors = file("anchors.pem", matrixAnchors.join(""));
const versions = ["-tls1_2", "-tls1_3"] as const;
const alpn = ["-alpn", "gridward-partner/1"] as const;

/** Certificate, key and what is sent along, as words for s_client and s_server. */
function shown({ presented }: typeof kinds, kind: CertificateKind): readonly string[] {
  const { certificate, key, issuers } = presented[kind];
  const name = kind.replaceAll(" ", "-");
  const words = [
    "-cert",
    file(`${name}.pem`, String(certificate)),
    "-key",
    file(`${name}.key`, keyToPem(key).reveal()),
  ];
  return issuers.length === 0
    ? words
    : [...words, "-cert_chain", file(`${name}.chain.pem`, issuers.join(""))];
}

function judging({ lists, pins }: typeof kinds): {
  readonly identity: { readonly lists: typeof lists; readonly anchors: readonly string[] };
  readonly settings: LinkSettings;
} {
  return {
    identity: { lists, anchors: matrixAnchors },
    settings: { ...strictLink, ...demands.hard, pins },
  };
}

/** Runs openssl until it printed what is looked for, or ended; what it printed so far. */
async function untilPrinted(child: ChildProcess, wanted: RegExp): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let says = "";
  const hear = (chunk: unknown): void => {
    says += String(chunk);
    if (wanted.test(says)) resolve(says);
  };
  child.stdout?.on("data", hear);
  child.stderr?.on("data", hear);
  child.on("close", () => resolve(says));
  return promise;
}

const verdictPattern = /\{[^{}]*"verdict"[^{}]*\}/;

/** "ok", or the cause, of the verdict frame that openssl printed. */
function verdictIn(printed: string): string {
  const frame: unknown = JSON.parse(verdictPattern.exec(printed)?.[0] ?? "{}");
  assert.ok(typeof frame === "object" && frame !== null && "verdict" in frame, printed);
  return "cause" in frame ? String(frame.cause) : String(frame.verdict);
}

for (const version of versions) {
  test(
    `[LK22][CS6] ${version}: each kind that s_client presents gets the cause of the table`,
    needsOpenssl,
    async (t) => {
      const { identity, settings } = judging(callers);
      const own = { ...b, ...kinds.presented.trusted, ...identity };
      const server = await opened(t, testServer(own, a, { settings: () => settings }));
      const target = ["-connect", `127.0.0.1:${server.port}`, ...alpn, version];
      for (const { kind, expected } of matrix) {
        const words = ["s_client", "-ign_eof", ...target, ...shown(callers, kind)];
        const child = spawn("openssl", words, { stdio: ["pipe", "pipe", "pipe"] });
        const printed = await untilPrinted(child, verdictPattern);
        child.kill("SIGKILL");
        assert.equal(verdictIn(printed), expected.hard, kind);
      }
      const child = spawn("openssl", ["s_client", "-ign_eof", ...target], { stdio: "pipe" });
      assert.equal(verdictIn(await untilPrinted(child, verdictPattern)), "T09");
      child.kill("SIGKILL");
    },
  );

  test(
    `[LK22][CS6] ${version}: each kind that s_server presents gets the cause of the table`,
    needsOpenssl,
    async (t) => {
      const { identity, settings } = judging(kinds);
      for (const { kind, expected } of matrix) {
        const place = ["-accept", "127.0.0.1:0", ...alpn, version, "-verify", "3"];
        const child = spawn("openssl", ["s_server", ...place, ...shown(kinds, kind)], {
          stdio: ["pipe", "pipe", "pipe"],
        });
        t.after(() => child.kill("SIGKILL"));
        const port = await portOf(child);
        const told = untilPrinted(child, verdictPattern).then((printed) => {
          child.kill("SIGKILL");
          return verdictIn(printed);
        });
        const own = { ...a, ...callers.presented.trusted, ...identity };
        const outcome = await dialLink({ ...dialOptions(own, b, port), settings });
        assert.equal(await told, expected.hard, kind);
        const isOk = expected.hard === "ok";
        assert.equal(brief(outcome), isOk ? "T17 by them" : `${expected.hard} by us`, kind);
      }
    },
  );
}

async function portOf(child: ChildProcess): Promise<number> {
  const printed = await untilPrinted(child, /ACCEPT 127\.0\.0\.1:\d+/);
  return Number(/ACCEPT 127\.0\.0\.1:(\d+)/.exec(printed)?.[1]);
}

/** What OpenSSL's own verification objects to, with its alert's words and the cause behind it. */
const alerts: readonly (readonly [CertificateKind, RegExp, TlsCauseCode])[] = [
  ["temporary", /unknown ca/, "T02"],
  ["unknown issuer", /unknown ca/, "T02"],
  ["missing intermediate", /unknown ca/, "T02"],
  ["expired", /certificate expired/, "T03"],
  ["not yet valid", /bad certificate/, "T05"],
];

test(
  "[LK22] an s_server that refuses our certificate says why by its alert",
  needsOpenssl,
  async (t) => {
    for (const [kind, alert] of alerts) {
      const verify = ["-Verify", "3", "-verify_return_error", "-CAfile", anchors];
      const words = ["s_server", "-accept", "127.0.0.1:0", ...alpn, ...verify];
      const child = spawn("openssl", [...words, ...shown(kinds, "trusted")], { stdio: "pipe" });
      t.after(() => child.kill("SIGKILL"));
      const { identity, settings } = judging(kinds);
      const own = { ...a, ...callers.presented[kind], ...identity };
      const outcome = await dialLink({ ...dialOptions(own, b, await portOf(child)), settings });
      assert.equal(brief(outcome), "T10 by them", kind);
      assert.match(outcome.outcome === "refused" ? outcome.theirs : "", alert);
    }
  },
);

test(
  "[LK22] an s_client that refuses our certificate is counted with the cause of its alert",
  needsOpenssl,
  async (t) => {
    for (const [kind, , cause] of alerts) {
      const server = await opened(t, testServer({ ...b, ...kinds.presented[kind] }, a));
      const verify = ["-verify_return_error", "-CAfile", anchors];
      const words = ["s_client", "-connect", `127.0.0.1:${server.port}`, ...alpn, ...verify];
      const child = spawn("openssl", words, { stdio: "pipe" });
      await untilPrinted(child, /$^/);
      await until(() => server.strangers().get(cause) === 1);
    }
  },
);
