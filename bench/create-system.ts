import { readFileSync } from "node:fs";
import { Api } from "../scripts/demo/api.ts";
import { type DemoServer, member, passwords } from "../scripts/demo/cast.ts";
import type { Stage } from "../scripts/demo/stage.ts";
import type { Door } from "./change-load.ts";

/** A system on a blank server, its administrator signed in. */
export async function createSystem(stage: Stage, a: DemoServer): Promise<Door> {
  const base = ["--base", "dc=bench", "--site", "Bench"];
  const created = await stage.must("system", "create", "--local", a.directory, ...base);
  const code = stage.secretFile("code", String(created["code"]));
  const password = stage.secretFile("password", passwords.admin);
  const ca = `${a.directory}/certificates/authority.pem`;
  await stage.must("login", "admin", "--server", a.url, "--ca", ca, "--code-file", code);
  await stage.must("password", "change", "--current-file", code, "--password-file", password);
  await stage.must("login", "admin", "--server", a.url, "--ca", ca, "--password-file", password);
  const body = { name: "admin", password: passwords.admin };
  const anchor = readFileSync(ca, "utf8");
  const api = new Api(anchor, "");
  const session = await api.call(a.url, { method: "POST", path: "/v1/session", body });
  api.close();
  return { port: a.https, ca: anchor, token: String(member(session?.body, "data", "token")) };
}
