import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { version } from "../base/version.ts";
import { openApi } from "./open-api.ts";
import type { Route } from "./route.ts";
import { localRoutes } from "./local-routes.ts";
import { routes } from "./routes.ts";

test("[OAS1][FE4] the document names every route with its access", () => {
  const text = JSON.stringify(openApi());
  assert.deepEqual(JSON.parse(text), openApi());
  for (const [name, route] of Object.entries<Route>(routes)) {
    assert.ok(text.includes(`"operationId":"${name}","summary":"${route.summary}"`), name);
    if (route.access !== "anyone") assert.ok(text.includes(`"${route.access}"`), name);
  }
});

test("[OAS2] addresses are unique and their parameters parsed", () => {
  const seen = new Set<string>();
  for (const [name, route] of Object.entries<Route>({ ...routes, ...localRoutes })) {
    const address = `${route.method} ${route.path}`;
    assert.ok(!seen.has(address), address);
    seen.add(address);
    const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, found = ""]) => found);
    const params = Object.fromEntries(names.map((found) => [found, "x"]));
    assert.ok(route.params.safeParse(params).success, name);
    assert.equal(route.params.safeParse({ ...params, more: "x" }).success, false, name);
  }
});

test("[OAS3] the version is that of the package", () => {
  const file = readFileSync(new URL("../../../../package.json", import.meta.url), "utf8");
  assert.match(file, new RegExp(`"version": "${version.replaceAll(".", "\\.")}"`));
});
