import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { day } from "@gridward/core/base/time";
import { systemClock } from "@gridward/runtime/os/clock";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { keyToPem } from "@gridward/runtime/trust/x509/keys";
import { initServer, runServer } from "../../scripts/demo/cast.ts";
import { freePort, Stage, until } from "../../scripts/demo/stage.ts";
import { adminPassword, foundSystem } from "../faults/servers.ts";

/** File transfer as devices do it (FTPS), between programs that are not ours, with our certificates. */

const needs = { skip: whyNot(), timeout: 60_000 };

function whyNot(): string | false {
  if (process.env["GRIDWARD_PEERS"] === "0") return "GRIDWARD_PEERS=0: no peers here";
  const isHere = ["curl", "vsftpd"].every(
    (name) => spawnSync("sh", ["-c", `command -v ${name}`]).status === 0,
  );
  return isHere ? false : "curl or vsftpd is not installed";
}

const stage = new Stage();
const stranger = testAuthority("Stranger", systemClock().now() - day);
let ftp: ChildProcess | undefined;
let url = "";

before(async () => {
  if (needs.skip !== false) return;
  const server = await initServer(stage, "A");
  await runServer(stage, server);
  (await foundSystem(stage, server)).close();
  const password = stage.secretFile("password", adminPassword);
  const anchor = stage.path("A", "certificates", "authority.pem");
  const login = ["--server", server.url, "--ca", anchor, "--password-file", password];
  await stage.must("login", "admin", ...login);
  await stage.must("ca", "export", "--out", stage.path("anchors.pem"));
  await issue("Q01 files", "file-transfer", "--host", "127.0.0.1");
  await issue("PCM station 4", "engineering-tool", "--email", "tools@example.org");
  const made = stranger.issue({ profile: "engineering-tool", emails: ["tools@example.org"] });
  const pem = String(made.certificate) + keyToPem(made.key).reveal();
  writeFileSync(stage.path("stranger.pem"), pem, { mode: 0o600 });
  writeFileSync(stage.path("stranger-anchor.pem"), String(stranger.certificate));
  url = await startFtp();
});
after(async () => {
  ftp?.kill();
  await stage.clear();
});

async function issue(name: string, profile: string, ...words: readonly string[]): Promise<void> {
  const out = ["--out", stage.path(`${profile}.pem`), "--no-password"];
  await stage.must("ca", "issue", name, "--profile", profile, ...words, ...out);
}

/** A server of Debian's that shows our certificate and demands one of our authority. */
async function startFtp(): Promise<string> {
  const port = await freePort();
  mkdirSync(stage.path("files"), { mode: 0o755 });
  writeFileSync(stage.path("files", "disturbance.cfg"), "record 1\n");
  const own = stage.path("file-transfer.pem");
  const settings = {
    listen: "YES",
    listen_address: "127.0.0.1",
    listen_port: port,
    background: "NO",
    run_as_launching_user: "YES",
    anonymous_enable: "YES",
    local_enable: "NO",
    anon_root: stage.path("files"),
    no_anon_password: "YES",
    ssl_enable: "YES",
    allow_anon_ssl: "YES",
    force_anon_logins_ssl: "YES",
    force_anon_data_ssl: "YES",
    require_ssl_reuse: "NO",
    ssl_sslv3: "NO",
    ssl_ciphers: "HIGH",
    rsa_cert_file: own,
    rsa_private_key_file: own,
    require_cert: "YES",
    validate_cert: "YES",
    ca_certs_file: stage.path("anchors.pem"),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(stage.path("ftp.conf"), lines.join(""), { mode: 0o600 });
  ftp = spawn("vsftpd", [stage.path("ftp.conf")], { stdio: "ignore" });
  await until("vsftpd listens", 10_000, async () => {
    const socket = connect(port, "127.0.0.1");
    const isUp = await once(socket, "connect").then(
      () => true,
      () => undefined,
    );
    socket.destroy();
    return isUp;
  });
  return `ftp://127.0.0.1:${port}/disturbance.cfg`;
}

function fetchFile(believed: string, shown?: string): { exit: number | null; text: string } {
  const certificate = shown === undefined ? [] : ["--cert", stage.path(shown)];
  const words = ["--silent", "--ssl-reqd", "--max-time", "15"];
  const trust = ["--cacert", stage.path(believed)];
  const done = spawnSync("curl", [...words, ...trust, ...certificate, url], { encoding: "utf8" });
  return { exit: done.status, text: done.stdout };
}

test(
  "[PK9] an engineering tool fetches files over FTPS, each side known by our certificate",
  needs,
  () => {
    const got = fetchFile("anchors.pem", "engineering-tool.pem");
    assert.deepEqual(got, { exit: 0, text: "record 1\n" });
  },
);

test(
  "[PK9] without a certificate of ours, or from a server that has none, no file is passed on",
  needs,
  () => {
    for (const [believed, shown] of [
      ["anchors.pem", undefined],
      ["anchors.pem", "stranger.pem"],
      ["stranger-anchor.pem", "engineering-tool.pem"],
    ] as const) {
      const { exit, text } = fetchFile(believed, shown);
      assert.notEqual(exit, 0, `${believed} ${shown}`);
      assert.equal(text, "");
    }
  },
);
