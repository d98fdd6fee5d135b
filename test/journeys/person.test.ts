import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  adminPassword,
  aServer,
  member,
  type TestServer,
} from "@gridward/server/frontends/https/a-server";
import { cliProgram, runCli, type Ran } from "./run-cli.ts";

/** What a person does at a terminal, and what a person may not. */

const home = mkdtempSync(join(tmpdir(), "gridward-person-"));
let server: TestServer;

async function gridward(words: string, input = ""): Promise<Ran> {
  return runCli(words, { input, state: home });
}

before(async () => {
  server = await aServer();
  const url = `https://127.0.0.1:${server.port}`;
  writeFileSync(join(home, "code"), server.desk.firstCode.reveal());
  const pinned = `--server ${url} --fingerprint ${server.fingerprint}`;
  const steps: readonly (readonly [string, string])[] = [
    [`login admin ${pinned} --code-file ${join(home, "code")}`, ""],
    ["password change --password-file -", adminPassword],
    [`login admin --server ${url} --password-file -`, adminPassword],
    ["group create bay1", ""],
    ["device create Q01 --group bay1", ""],
  ];
  for (const [words, input] of steps) {
    const done = await gridward(words, input);
    assert.equal(done.exit, 0, done.talk);
  }
});
after(async () => {
  await server.close();
  rmSync(home, { recursive: true });
});

const hasTerminals = spawnSync("script", ["--version"]).status === 0;

test(
  "[CLI6] Ctrl-D at the question for a password ends with a sentence and exit 130",
  { skip: hasTerminals ? false : "needs script(1)" },
  async () => {
    const words = `login admin --server https://127.0.0.1:${server.port}`;
    const command = `'${process.execPath}' '${cliProgram}' ${words}`;
    const entries = server.desk.entries().length;
    // A terminal of its own: only there anybody is asked.
    const child = spawn("script", ["-qec", command, "/dev/null"], {
      env: { ...process.env, GRIDWARD_HOME: home },
    });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => void (said += text));
    child.stdin.on("error", () => {}); // It may end before it has read the last of them.
    // Again and again, as people do: what comes before the question listens is lost.
    const typing = setInterval(() => {
      if (said.includes(": ")) child.stdin.write("\u0004");
    }, 250);
    const exit = await new Promise<number | null>((resolve) => child.once("close", resolve));
    clearInterval(typing);
    assert.equal(exit, 130, said);
    assert.match(said, /The question was not answered, so the command ends here\./);
    assert.equal(server.desk.entries().length, entries);
  },
);

/** Root may do everything, so it becomes nobody; others close the directory to themselves. */
const isRoot = process.getuid?.() === 0;

test(
  "[CLI16] who does not own the data directory is told so, with exit 4",
  { skip: process.platform === "win32" ? "needs owners of files" : false },
  async () => {
    const place = mkdtempSync(join(tmpdir(), "gridward-other-"));
    const directory = join(place, "server");
    assert.equal((await gridward(`server init ${directory} --name B --listen 127.0.0.1`)).exit, 0);
    chmodSync(place, 0o755);
    if (!isRoot) chmodSync(directory, 0);
    const verbs = [
      `server status ${directory}`,
      `server wait ${directory} --state lone --timeout 1`,
      `server unlock ${directory} anna`,
      `system create --local ${directory} --base dc=example --site Hill`,
      `pair maintenance on --local ${directory}`,
    ];
    for (const words of verbs) {
      const own = { state: join(place, "home") };
      const refused = await runCli(`${words} -o json`, isRoot ? { ...own, uid: 65_534 } : own);
      assert.equal(refused.exit, 4, `${words}: ${refused.talk}`);
      assert.equal(member(refused.json, "error", "code"), "client.not-owner");
      assert.match(refused.talk, /belongs to another user.*\n.*Run it as the user/);
    }
    if (!isRoot) chmodSync(directory, 0o700);
    rmSync(place, { recursive: true });
  },
);

test("[CLI10] a package that can be written nowhere is refused before a code is made", async () => {
  const there = join(home, "there.json");
  writeFileSync(there, "precious");
  symlinkSync("/nowhere", join(home, "link"));
  mkdirSync(join(home, "folder"));
  const places: readonly (readonly [string, RegExp])[] = [
    [there, /is there already/],
    [join(home, "folder"), /is there already/],
    [join(home, "link"), /is there already/],
    [join(home, "absent", "q01.json"), /there is no directory/],
    [join(there, "q01.json"), /there is no directory/],
  ];
  const entries = server.desk.entries().length;
  const earlier = readdirSync(home).toSorted();
  for (const [out, says] of places) {
    const refused = await gridward(`device package Q01 --out ${out} -o json`);
    assert.equal(refused.exit, 2, refused.talk);
    assert.equal(member(refused.json, "error", "code"), "client.new-file");
    assert.match(refused.talk, says);
    assert.match(refused.talk, /\nName a file that does not exist yet/);
  }
  assert.deepEqual(readdirSync(home).toSorted(), earlier);
  assert.equal(readFileSync(there, "utf8"), "precious");
  assert.equal(server.desk.entries().length, entries, "the code before still counts");
});

test("[CLI10] who may not write there is told so, and nothing is left", async () => {
  const place = mkdtempSync(join(tmpdir(), "gridward-closed-"));
  const closed = join(place, "closed");
  mkdirSync(closed, { mode: 0o555 });
  const state = join(place, "home");
  mkdirSync(state);
  writeFileSync(join(state, "login.json"), readFileSync(join(home, "login.json")));
  if (isRoot) spawnSync("chown", ["-R", "65534:65534", state]);
  chmodSync(place, 0o755);
  const out = join(closed, "q01.json");
  const order = isRoot ? { state, uid: 65_534 } : { state };
  const refused = await runCli(`device package Q01 --out ${out}`, order);
  assert.equal(refused.exit, 2, refused.talk);
  assert.match(refused.talk, /no right to write in .*closed/);
  assert.ok(!existsSync(out));
  rmSync(place, { recursive: true });
});
