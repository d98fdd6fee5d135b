import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  initServer,
  runServer,
  waitForDevice,
  member,
  type DemoServer,
} from "../../scripts/demo/cast.ts";
import { Stage, until } from "../../scripts/demo/stage.ts";
import { adminPassword, foundSystem } from "../faults/servers.ts";

/** The panel of a device in a real terminal of 40 columns and 15 lines, as small ones have. */

const gridward = join(import.meta.dirname, "../../bin/gridward");
const hasTmux = spawnSync("tmux", ["-V"]).error === undefined;
const isWanted = process.env["GRIDWARD_PEERS"] !== "0";
const why = isWanted ? "tmux is not installed" : "GRIDWARD_PEERS=0: no peers here";
const needs = { skip: isWanted && hasTmux ? false : why, timeout: 120_000 };

const stage = new Stage();
const directory = stage.path("Q01");
const password = "Switch-110kV-now";
let server: DemoServer;
let panels = 0;

before(async () => {
  if (needs.skip !== false) return;
  server = await initServer(stage, "A");
  await runServer(stage, server);
  (await foundSystem(stage, server)).close();
  const ca = stage.path("A", "certificates", "authority.pem");
  const own = stage.secretFile("own", adminPassword);
  await stage.must("login", "admin", "--server", server.url, "--ca", ca, "--password-file", own);
  await stage.must("group", "create", "bay1");
  const anna = ["--password-file", stage.secretFile("anna", password), "--no-must-change"];
  await stage.must("account", "create", "anna", "--role", "OPERATOR", "--group", "bay1", ...anna);
  await stage.must("device", "create", "Q01", "--group", "bay1");
  const packed = stage.path("Q01.package");
  await stage.must("device", "package", "Q01", "--out", packed);
  await stage.must("ied", "init", directory, "--package", packed, "--https", "0");
  await stage.start("Q01", "ied", "run", directory);
  const device = { name: "Q01", directory };
  await waitForDevice(stage, device, "its replica is good", (status) => {
    return member(status, "replication", "status") === "Good";
  });
});
after(async () => {
  tmux("kill-server");
  await stage.clear();
});

function tmux(...words: readonly string[]): string {
  const place = ["-u", "-f", "/dev/null", "-S", stage.path(`tmux-${panels}`)];
  return spawnSync("tmux", [...place, ...words], { encoding: "utf8" }).stdout;
}

/** Under a terminal server of its own: one that was ended may still be on its way out. */
function openPanel(): void {
  panels++;
  const words = [process.execPath, gridward, "ied", "panel", directory];
  const shell = `${words.map((word) => `'${word}'`).join(" ")}; echo left with $?; sleep 600`;
  tmux("new-session", "-d", "-s", "panel", "-x", "40", "-y", "15", shell);
}

const screen = (): string => tmux("capture-pane", "-p", "-t", "panel");

/** What stands there once it matches. */
async function shown(wanted: RegExp): Promise<string> {
  let last = "";
  return until(`the panel shows ${wanted}`, 60_000, async () => {
    last = screen();
    return Promise.resolve(wanted.test(last) ? last : undefined);
  }).catch((error: unknown) => assert.fail(`${String(error)}\n${last}`));
}

function press(...keys: readonly string[]): void {
  tmux("send-keys", "-t", "panel", ...keys);
}

async function signIn(typed: string): Promise<void> {
  press("Enter");
  await shown(/Name: _/);
  press("anna", "Enter");
  await shown(/Sign in as anna/);
  press(typed);
  await shown(/Password: \*+_/);
  press("Enter");
}

async function isLoggedOn(): Promise<unknown> {
  return (await stage.must("ied", "athstat", directory))["loggedon"];
}

test(
  "[PN1][PN2][PN7][PK6][DV11] diagnostics and certificates are read at the panel, by nobody",
  needs,
  async () => {
    openPanel();
    const idle = await shown(/^Q01 {2}● online: A\nNobody is signed in here\n/);
    assert.match(idle, /> Sign in/);
    press("Down", "Enter");
    const diagnostics = await shown(/UAMMode +Central/);
    assert.match(diagnostics, /CAMServer1Status +Online/);
    assert.match(diagnostics, /Replication +Good/);
    press("Escape");
    await shown(/> Sign in/);
    press("Down", "Down", "Enter");
    await shown(/> own: CN=Q01/);
    press("Enter");
    const own = await shown(/subject\n +CN=Q01/);
    for (const line of own.split("\n")) assert.ok(line.length <= 40, line);
    press("Escape");
    await shown(/> own/);
    press("Escape");
  },
);

test(
  "[PN3][PN4][PN5][DV6] a wrong password is refused, the right one opens what its roles give",
  needs,
  async () => {
    await shown(/> Sign in/);
    await signIn("wrong");
    const refused = await shown(/Access denied/);
    assert.doesNotMatch(refused, /wrong/);
    press("Enter");
    await shown(/> Sign in/);
    await signIn(password);
    await shown(/Signed in\n\nanna, by the main/);
    assert.equal(await isLoggedOn(), true);
    press("Enter");
    await shown(/anna \(OPERATOR\)/);
    press("Enter");
    await shown(/Control-Basic/);
    press("Escape");
    await shown(/> Rights/);
  },
);

test(
  "[PN6] who is signed out elsewhere reads it here; who leaves the panel is signed out",
  needs,
  async () => {
    await stage.must("ied", "logout", directory, "anna");
    await shown(/Signed out/);
    press("Enter");
    await shown(/> Sign in/);
    await signIn(password);
    await shown(/Signed in/);
    press("C-c");
    await shown(/left with 0/);
    assert.equal(await isLoggedOn(), false);
  },
);

test("[PN1][DV1] without a server the panel says so, and the replica signs in", needs, async () => {
  tmux("kill-server");
  await stage.end("A", "SIGKILL");
  openPanel();
  await shown(/◐ on replica, \d+ (?:s|min) old/);
  await signIn(password);
  await shown(/anna, from the replica, as no server/);
  // The terminal goes, and with it who was signed in there.
  tmux("kill-server");
  await until("nobody is signed in any more", 60_000, async () =>
    (await isLoggedOn()) === false ? true : undefined,
  );
});

test(
  "[PN1] a panel without its device says so; one without a terminal is refused",
  needs,
  async () => {
    await stage.end("Q01", "SIGKILL");
    openPanel();
    await shown(/✖ not running/);
    const refused = await stage.run("ied", "panel", directory);
    assert.equal(refused.exit, 2);
    assert.match(refused.stderr, /needs a terminal/);
  },
);
