import { writeFileSync } from "node:fs";
import { runCommand } from "../command.ts";
import { type DemoDevice, type DemoServer, member, passwords, waitForDevice } from "./cast.ts";
import { type Ended, freePort, isRecord, type Stage, until } from "./stage.ts";
import type { Scene, Step } from "./story.ts";

const deviceNames = ["E01_BCU", "E01_F21", "GW1"] as const;

export async function enrolDevices(stage: Stage): Promise<readonly DemoDevice[]> {
  const devices: DemoDevice[] = [];
  for (const [index, name] of deviceNames.entries()) {
    const directory = stage.path(`device-${index + 1}`);
    const packed = stage.path(`${name}.package`);
    await stage.must("device", "package", name, "--out", packed);
    const https = String(await freePort());
    await stage.must("ied", "init", directory, "--package", packed, "--https", https);
    const device = { name, directory };
    await runDevice(stage, device);
    devices.push(device);
  }
  for (const device of devices) await waitForReplica(stage, device);
  return devices;
}

async function runDevice(stage: Stage, { name, directory }: DemoDevice): Promise<void> {
  await stage.start(name, "ied", "run", directory);
}

export async function waitForReplica(stage: Stage, device: DemoDevice): Promise<void> {
  await waitForDevice(stage, device, "its replica is good", (status) => {
    return member(status, "replication", "status") === "Good";
  });
}

export async function signIn(
  stage: Stage,
  device: DemoDevice,
  name: keyof typeof passwords,
): Promise<Ended> {
  const file = stage.secretFile(`${name}-password`, passwords[name]);
  return stage.run("ied", "login", device.directory, name, "--password-file", file);
}

/** What the panel, HTTPS and LDAP show while both servers are there. */
export async function* deviceScenes(scene: Scene): AsyncGenerator<Step> {
  yield* directoryScene(scene);
  const { stage, devices } = scene;
  const [first] = devices;
  if (!first) throw new Error("no device");
  const accepted = await signIn(stage, first, "anna");
  expect(
    accepted.exit === 0 && member(accepted.data, "source") === "main",
    "anna signs in through the Main",
    accepted,
  );
  yield {
    ids: ["DV1"],
    says: `anna signs in on ${first.name} through the Main, event ${text(accepted, "event")}`,
  };
  yield* rightsScene(scene, first);
  yield* equalAnswersScene(scene, first);
  yield* lockOutScene(scene, devices[1] ?? first);
}

async function* directoryScene({ stage, servers }: Scene): AsyncGenerator<Step> {
  const rows: string[] = [];
  const anna = { name: "anna", password: passwords.anna };
  const asks = ["(uid=viktor)", "cn", "memberOf"];
  for (const server of servers) {
    const who = await ldap(stage, server, { program: "ldapwhoami", ...anna });
    expect(who.code === 0 && who.output.includes("uid=anna"), `ldapwhoami at ${server.name}`, who);
    const found = await ldap(stage, server, { program: "ldapsearch", ...anna, asks });
    expect(
      found.code === 0 && found.output.includes("uid=viktor"),
      `ldapsearch at ${server.name}`,
      found,
    );
    rows.push(server.name);
  }
  yield {
    ids: ["FE1"],
    says: `ldapwhoami and ldapsearch of OpenLDAP get their answers from ${rows.join(" and ")}`,
  };
}

interface LdapOrder {
  readonly program: "ldapwhoami" | "ldapsearch";
  readonly name: string;
  readonly password: string;
  readonly asks?: readonly string[];
}

/** A client of OpenLDAP, which trusts nothing but the authority of the system. */
async function ldap(
  stage: Stage,
  server: DemoServer,
  { program, name, password, asks = [] }: LdapOrder,
): Promise<{ readonly code: number; readonly output: string }> {
  const people = "ou=people,dc=weidenbach,dc=example";
  const file = stage.path(`ldap-${name}`);
  // -y reads the whole file, so it must end without a line feed.
  writeFileSync(file, password, { mode: 0o600 });
  const address = `ldaps://127.0.0.1:${server.ldaps}`;
  const at = ["-H", address, "-x", "-D", `uid=${name},${people}`, "-y", file];
  const search = program === "ldapsearch" ? ["-LLL", "-b", people, ...asks] : [];
  const environment = {
    LDAPTLS_CACERT: stage.path("A", "certificates", "authority.pem"),
    LDAPTLS_REQCERT: "demand",
  };
  return runCommand(program, [...at, ...search], { environment, limitMs: 20_000 });
}

/** ATHCHCK: the same question, two roles, two answers, each with its reason. */
async function* rightsScene({ stage }: Scene, device: DemoDevice): AsyncGenerator<Step> {
  const may = await stage.run("ied", "check", device.directory, "anna", "Control-Basic");
  expect(may.exit === 0, "an OPERATOR may control", may);
  await stage.must("ied", "logout", device.directory);
  const viewer = await signIn(stage, device, "viktor");
  expect(viewer.exit === 0, "viktor signs in", viewer);
  const mayNot = await stage.run("ied", "check", device.directory, "viktor", "Control-Basic");
  expect(mayNot.exit === 7, "a VIEWER may not control", mayNot);
  await stage.must("ied", "logout", device.directory);
  const why = String(mayNot.error?.message ?? member(mayNot.data, "reason"));
  yield { ids: ["DV8"], says: `ATHCHCK lets an OPERATOR control and refuses a VIEWER: "${why}"` };
}

/** AM10: who guesses learns nothing, at any door. */
async function* equalAnswersScene(
  { stage, servers }: Scene,
  device: DemoDevice,
): AsyncGenerator<Step> {
  const wrong = stage.secretFile("wrong", "Not-the-password-7");
  const [a] = servers;
  const ca = ["--ca", stage.path("A", "certificates", "authority.pem")];
  const answers: [string, string][] = [];
  for (const name of ["viktor", "nobody"]) {
    const atDevice = await stage.run(
      "ied",
      "login",
      device.directory,
      name,
      "--password-file",
      wrong,
    );
    const atHttps = await stage.run(
      "login",
      name,
      "--server",
      a.url,
      ...ca,
      "--password-file",
      wrong,
    );
    const atLdap = await ldap(stage, a, {
      program: "ldapwhoami",
      name,
      password: "Not-the-password-7",
    });
    expect(atDevice.exit === 3 && atHttps.exit === 3 && atLdap.code === 49, "all doors refuse", {
      atDevice,
      atHttps,
      atLdap,
    });
    answers.push([name, [plain(atDevice), plain(atHttps), atLdap.output].join("\n")]);
  }
  const [known, unknown] = answers;
  expect(known?.[1] === unknown?.[1], "the answers are equal", answers);
  yield {
    ids: ["AM10"],
    says: "a wrong password and an unknown account get equal refusals at device, HTTPS and LDAP",
  };
}

/** What a person sees of a refusal; ids of events and requests differ of course. */
function plain({ exit, error }: Ended): string {
  return `${exit} ${error?.code} ${error?.message}`;
}

async function* lockOutScene({ stage }: Scene, device: DemoDevice): AsyncGenerator<Step> {
  const wrong = stage.secretFile("wrong", "Not-the-password-7");
  let last: Ended | undefined;
  for (let attempt = 0; attempt < 3; attempt++) {
    last = await stage.run("ied", "login", device.directory, "lukas", "--password-file", wrong);
    expect(last.exit === 3, "a wrong password is refused", last);
  }
  const right = await signIn(stage, device, "lukas");
  expect(right.exit === 3, "the right password is refused too while blocked", right);
  const other = await signIn(stage, device, "anna");
  expect(other.exit === 0, "anna is not affected", other);
  await stage.must("ied", "logout", device.directory);
  await until("ATHSTAT shows it", 10_000, async () => {
    const shown = await stage.must("ied", "athstat", device.directory);
    return shown["usrblked"] === true ? true : undefined;
  });
  yield {
    ids: ["DV13"],
    says: "lukas is blocked on the third failure, others are not; ATHSTAT shows USRBLKED",
  };
}

export function expect(isSo: boolean, what: string, found: unknown): void {
  if (!isSo) throw new Error(`${what}: found ${JSON.stringify(found).slice(0, 600)}`);
}

export function text(ended: Ended, key: string): string {
  return isRecord(ended.data) ? String(ended.data[key]) : "";
}
