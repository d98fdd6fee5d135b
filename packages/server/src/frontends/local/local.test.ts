import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { localRoutes } from "@gridward/core/api/local-routes";
import type { Route } from "@gridward/core/api/route";
import { routes } from "@gridward/core/api/routes";
import { aDesk } from "../../desk/a-desk.ts";
import { localEndpoints } from "../../desk/local-endpoints.ts";
import type { LocalUse } from "../../desk/local-use.ts";
import { serveLocal, type LocalServer } from "./serve-local.ts";

const directory = mkdtempSync(join(tmpdir(), "gridward-local-"));
const path = join(directory, "socket");
const desk = aDesk();
const uses: LocalUse[] = [];
const defects: unknown[] = [];
let server: LocalServer;

before(async () => {
  writeFileSync(path, "left by a killed process");
  const endpoints = localEndpoints({
    ...desk,
    operator: { ...desk.operator, join: async () => Promise.reject(new Error("inner")) },
  });
  server = await serveLocal(
    {
      front: desk.front,
      endpoints,
      user: "root",
      reportUse: (use) => void uses.push(use),
      reportDefect: (_, error) => void defects.push(error),
    },
    path,
  );
});
after(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

async function ask(
  method: string,
  url: string,
  raw = "",
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: path, method, path: url });
    sent.once("error", reject);
    sent.once("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => void (text += piece));
      response.once("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.end(raw);
  });
}

test("[LOC1] only the owner may connect", () => {
  const { mode } = statSync(path);
  assert.equal(mode & 0o777, 0o600);
});

test("[LOC2] the socket knows its few paths and none of the others", async () => {
  for (const route of Object.values<Route>(localRoutes)) {
    const { status } = await ask(route.method, route.path, "{}");
    assert.notEqual(status, 404, route.path);
  }
  for (const route of Object.values<Route>(routes)) {
    const { status, text } = await ask(route.method, route.path);
    assert.equal(status, 404, text);
  }
});

test("[LOC2] the first code is renewed as long as nobody can administer", async () => {
  const renewed = await ask("POST", "/local/first-code");
  assert.equal(renewed.status, 200, renewed.text);
  assert.match(renewed.text, /"administrator":"admin","code":"[0-9A-Z-]{30}"/);
});

test("[LOC3] every order is told, and who gave it", async () => {
  uses.length = 0;
  await ask("GET", "/local/status");
  await ask("POST", "/local/unlock", JSON.stringify({ account: "nobody" }));
  assert.deepEqual(uses, [
    {
      path: "/local/unlock",
      user: "root",
      refusal: { code: "account.not-found", detail: "nobody" },
    },
  ]);
});

test("[LOC4] bad input and faults of ours are answers, too", async () => {
  const bodies = ["{", "[]", '{"account":1}', '{"account":"a","x":1}', "\u00ff"];
  for (const body of bodies) {
    const { status, text } = await ask("POST", "/local/unlock", body);
    assert.equal(status, 400, text);
  }
  const large = await ask("POST", "/local/unlock", " ".repeat(1024 * 1024 + 1));
  assert.equal(large.status, 413);
  defects.length = 0;
  const fault = await ask("POST", "/local/join", JSON.stringify({ code: "x" }));
  assert.equal(fault.status, 500);
  assert.doesNotMatch(fault.text, /inner/);
  assert.equal(defects.length, 1);
});
