import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { routes } from "@gridward/core/api/routes";
import type { Route } from "@gridward/core/api/route";
import { refusals, isRefusalCode } from "@gridward/core/domain/refusal";
import { refusalReply } from "../../desk/reply.ts";
import { rfc3339 } from "@gridward/core/base/time";
import { limitSources } from "@gridward/runtime/os/source-limit";
import { adminPassword, aServer, member, type TestServer } from "./a-server.ts";

let server: TestServer;
let admin = "";
let viewer = "";

const viewerPassword = "Meadow-under-3-oaks";

before(async () => {
  server = await aServer({
    mounted: [
      {
        method: "POST",
        path: "/echo",
        answer: async ({ body, certificate, headers }) => ({
          status: 200,
          headers: { "content-type": "text/plain" },
          body: `${body.length} ${certificate === null} ${String(headers["x-test"])}`,
        }),
      },
      { method: "GET", path: "/defect", answer: async () => Promise.reject(new Error("inner")) },
    ],
  });
  admin = await server.administrator();
  const body = {
    name: "vera",
    roles: [{ role: "VIEWER" }],
    password: viewerPassword,
    must_change: false,
  };
  const made = await server.ask("POST", "/v1/accounts", { token: admin, body });
  assert.equal(made.status, 200, made.text);
  const password = viewerPassword;
  const signedIn = await server.ask("POST", "/v1/session", { body: { name: "vera", password } });
  viewer = member(signedIn.json, "data", "token");
});
after(async () => server.close());

function pathOf(route: Route): string {
  return route.path.replaceAll(/\{\w+\}/g, "x");
}

const codeOf = (json: unknown): string => member(json, "error", "code");

test("[API1][FE4] every route answers with an envelope and the security headers", async () => {
  for (const route of Object.values<Route>(routes)) {
    if (route.access === "anyone") continue;
    const answer = await server.ask(route.method, pathOf(route), { token: admin });
    assert.notEqual(codeOf(answer.json), "request.not-found", `${route.method} ${route.path}`);
    // The desk of tests has made no revocation list, and holds no authority's key.
    const isLacking = ["certificate.no-list", "security.seal-broken"].includes(codeOf(answer.json));
    assert.ok(answer.status < 500 || isLacking, `${route.method} ${route.path}: ${answer.text}`);
    assert.equal(answer.headers["x-content-type-options"], "nosniff");
    assert.equal(answer.headers["cache-control"], "no-store");
    if (route.path === "/v1/session" && route.method === "DELETE") {
      const body = { name: "admin", password: adminPassword };
      const again = await server.ask("POST", "/v1/session", { body });
      admin = member(again.json, "data", "token");
    }
  }
  assert.deepEqual(server.defects, []);
});

test("[API1] an address that is none is refused like everything else", async () => {
  const answer = await server.ask("GET", "/v1/nothing", { token: admin });
  assert.equal(answer.status, 404);
  assert.equal(codeOf(answer.json), "request.not-found");
});

test("[API2] nothing is done without a session or with one that is none", async () => {
  for (const route of Object.values<Route>(routes)) {
    if (route.access === "anyone") continue;
    const bare = await server.ask(route.method, pathOf(route));
    assert.deepEqual([bare.status, codeOf(bare.json)], [401, "credential.missing"], route.path);
    const forged = await server.ask(route.method, pathOf(route), { token: "gws1.e30.AAAA" });
    assert.deepEqual([forged.status, codeOf(forged.json)], [401, "credential.session-ended"]);
  }
});

test("[API2][AM8] a VIEWER is refused by every route that changes something of others", async () => {
  const entries = server.desk.entries().length;
  for (const route of Object.values<Route>(routes)) {
    if (route.method === "GET" || route.access === "anyone" || route.access === "session") continue;
    const answer = await server.ask(route.method, pathOf(route), { token: viewer, body: {} });
    assert.deepEqual([answer.status, codeOf(answer.json)], [403, "access.denied"], route.path);
  }
  assert.equal(server.desk.entries().length, entries);
  const list = await server.ask("GET", "/v1/accounts", { token: viewer });
  assert.equal(list.status, 403);
});

test("[EL11][AM7] what is refused to who is signed in is told with its number", async () => {
  const toldBefore = server.refused.length;
  const short = { current: adminPassword, password: "x" };
  const orders = [
    ["GET", "/v1/events", viewer, {}, 1460],
    ["POST", "/v1/accounts", admin, { name: "admin", roles: [{ role: "VIEWER" }] }, 2130],
    ["DELETE", "/v1/accounts/nobody", admin, undefined, 2140],
    ["POST", "/v1/session/password", admin, short, null],
    ["GET", "/v1/accounts/nobody", admin, undefined, null],
  ] as const;
  for (const [method, path, token, body] of orders) {
    await server.ask(method, path, { token, ...(body && method !== "GET" && { body }) });
  }
  assert.deepEqual(
    server.refused.slice(toldBefore).map(({ event, actor }) => [event, actor.name]),
    [
      [1460, "vera"],
      [2130, "admin"],
      [2140, "admin"],
    ],
  );
});

test("[SES5] a session of a one-time code only changes the password", async () => {
  const body = { name: "newcomer", roles: [{ role: "SECADM" }] };
  const made = await server.ask("POST", "/v1/accounts", { token: admin, body });
  const code = member(made.json, "data", "code");
  const first = await server.ask("POST", "/v1/session", { body: { name: "newcomer", code } });
  const token = member(first.json, "data", "token");
  const list = await server.ask("GET", "/v1/accounts", { token });
  assert.deepEqual([list.status, codeOf(list.json)], [401, "password.must-change"]);
  assert.equal((await server.ask("GET", "/v1/session", { token })).status, 200);
  const password = "Harbour-with-9-boats";
  const changed = await server.ask("POST", "/v1/session/password", { token, body: { password } });
  assert.equal(changed.status, 200, changed.text);
  assert.equal((await server.ask("GET", "/v1/session", { token })).status, 401);
  const next = member(changed.json, "data", "session", "token");
  assert.equal((await server.ask("GET", "/v1/accounts", { token: next })).status, 200);
});

test("[SES4] a role that was taken away is gone at the next request", async () => {
  const make = { name: "walter", roles: [{ role: "SECADM" }], password: "Valley-by-4-mills" };
  const body = { ...make, must_change: false };
  assert.equal((await server.ask("POST", "/v1/accounts", { token: admin, body })).status, 200);
  const { name, password } = make;
  const signedIn = await server.ask("POST", "/v1/session", { body: { name, password } });
  const token = member(signedIn.json, "data", "token");
  assert.equal((await server.ask("GET", "/v1/accounts", { token })).status, 200);
  const roles = { body: { roles: [{ role: "VIEWER" }] } };
  await server.ask("PATCH", "/v1/accounts/walter", { token: admin, ...roles });
  assert.equal((await server.ask("GET", "/v1/accounts", { token })).status, 403);
});

const badInput: readonly {
  readonly says: string;
  readonly more: { readonly body?: unknown; readonly raw?: string; readonly type?: string };
  readonly code: string;
}[] = [
  { says: "no body", more: {}, code: "request.malformed" },
  { says: "not JSON", more: { raw: "{", type: "application/json" }, code: "request.malformed" },
  { says: "another type", more: { raw: "{}", type: "text/plain" }, code: "request.wrong-type" },
  { says: "no type", more: { raw: "{}" }, code: "request.wrong-type" },
  {
    says: "a type that only begins like it",
    more: { raw: "{}", type: "application/json\t; x" },
    code: "request.wrong-type",
  },
  {
    says: "another character set",
    more: { raw: "{}", type: "application/json; charset=utf-16" },
    code: "request.wrong-type",
  },
  {
    says: "an unknown member",
    more: { body: { name: "x", roles: [], x: 1 } },
    code: "request.malformed",
  },
  {
    says: "a prototype",
    more: { raw: '{"name":"x","roles":[],"__proto__":{"a":1}}', type: "application/json" },
    code: "request.malformed",
  },
  { says: "a list", more: { body: [] }, code: "request.malformed" },
  {
    says: "a name that is long",
    more: { body: { name: "x".repeat(65), roles: [] } },
    code: "request.malformed",
  },
  {
    says: "a number for a name",
    more: { body: { name: 7, roles: [] } },
    code: "request.malformed",
  },
  {
    says: "17 roles",
    more: { body: { name: "x", roles: Array.from({ length: 17 }, () => ({ role: 1 })) } },
    code: "request.malformed",
  },
  {
    says: "an unknown role",
    more: { body: { name: "x", roles: [{ role: "KING" }] } },
    code: "role.unknown",
  },
  {
    says: "a reserved role",
    more: { body: { name: "x", roles: [{ role: 7 }] } },
    code: "role.reserved",
  },
  { says: "a bad name", more: { body: { name: "x y", roles: [] } }, code: "account.bad-name" },
  {
    says: "a group that is none",
    more: { body: { name: "x", roles: [], groups: ["none"] } },
    code: "group.not-found",
  },
  {
    says: "a short password",
    more: { body: { name: "x", roles: [], password: "Ab1" } },
    code: "password.too-short",
  },
  {
    says: "a common password",
    more: { body: { name: "x", roles: [], password: "Password1" } },
    code: "password.common",
  },
  {
    says: "a password with a control character",
    more: { body: { name: "x", roles: [], password: "Bridge\u0007over-7" } },
    code: "password.bad-character",
  },
];

test("[API3] bad input is refused with its place and changes nothing", async () => {
  const entries = server.desk.entries().length;
  for (const { says, more, code } of badInput) {
    const { type, ...rest } = more;
    const headers = type === undefined ? {} : { "content-type": type };
    const answer = await server.ask("POST", "/v1/accounts", { token: admin, ...rest, headers });
    assert.equal(codeOf(answer.json), code, `${says}: ${answer.text}`);
    assert.ok(isRefusalCode(code));
    assert.equal(answer.status, refusals[code].http, says);
    assert.ok(!answer.text.includes("Password1"), says);
  }
  assert.equal(server.desk.entries().length, entries);
});

test("[API3] queries, request ids and large bodies are judged, too", async () => {
  const refused = async (path: string, more = {}): Promise<string> =>
    codeOf((await server.ask("GET", path, { token: admin, ...more })).json);
  assert.equal(await refused("/v1/accounts?limit=0"), "request.malformed");
  assert.equal(await refused("/v1/accounts?limit=501"), "request.malformed");
  assert.equal(await refused("/v1/accounts?limit=1&limit=2"), "request.malformed");
  assert.equal(await refused("/v1/accounts?unknown=1"), "request.malformed");
  assert.equal(await refused("/v1/accounts?sort=nothing"), "request.malformed");
  assert.equal(await refused("/v1/accounts?cursor=%00"), "request.malformed");
  assert.equal(await refused("/v1/accounts/%ff"), "request.malformed");
  assert.equal(
    await refused("/v1/accounts", { headers: { "request-id": "short" } }),
    "request.malformed",
  );
  const body = { name: "x", roles: [], display_name: "x".repeat(1024 * 1024) };
  const large = await server.ask("POST", "/v1/accounts", { token: admin, body });
  assert.deepEqual([large.status, codeOf(large.json)], [413, "request.too-large"]);
});

test("[API4][AM10] a wrong password and an unknown account get the same answer", async () => {
  const tries = [
    { name: "vera", password: "wrong" },
    { name: "nobody", password: "wrong" },
    { name: "vera", code: "00000-00000" },
    { name: "nobody", password: "\u0007" },
  ];
  const answers = await Promise.all(
    tries.map(async (body) => server.ask("POST", "/v1/session", { body })),
  );
  const heard = answers.map(({ status, text }) => `${status} ${text.replace(/"id":"\w+"/, "")}`);
  assert.equal(new Set(heard).size, 1, heard.join("\n"));
  assert.match(heard[0] ?? "", /^401 .*credential\.rejected/);
});

test("[API5] a refusal has the status of its row; strangers hear what they may", () => {
  const { front } = server.desk;
  for (const code of Object.keys(refusals)) {
    assert.ok(isRefusalCode(code));
    const known = refusalReply({ code, detail: "d" }, { front, isKnown: true, id: "i" });
    assert.equal(known.status, refusals[code].http);
    const stranger = refusalReply({ code, detail: "d" }, { front, isKnown: false, id: "i" });
    assert.ok(!stranger.body.ok);
    const heard = refusals[code].tell === "anyone" ? code : "credential.rejected";
    assert.equal(stranger.body.error.code, heard);
  }
});

test("[API6] a Standby reads, and names the Main for changes that cannot be passed on", async () => {
  server.desk.become({ duty: "standby", state: "standby-valid" });
  try {
    assert.equal((await server.ask("GET", "/v1/accounts", { token: admin })).status, 200);
    const body = { name: "vera", password: viewerPassword };
    assert.equal((await server.ask("POST", "/v1/session", { body })).status, 200);
    const made = await server.ask("POST", "/v1/groups", { token: admin, body: { name: "bay1" } });
    assert.equal(codeOf(made.json), "pair.not-main");
    assert.equal(made.status, 503);
    assert.match(made.text, /"next":\["https:\/\/127\.0\.0\.1:8443"\]/);
  } finally {
    server.desk.become({ duty: "lone", state: "lone" });
  }
});

test("[API7] without a complete database nobody is judged", async () => {
  server.desk.become({ canSignIn: false, duty: "none", state: "invalid-database" });
  try {
    const body = { name: "vera", password: viewerPassword };
    const signIn = await server.ask("POST", "/v1/session", { body });
    assert.deepEqual([signIn.status, codeOf(signIn.json)], [503, "server.unavailable"]);
    const look = await server.ask("GET", "/v1/session", { token: admin });
    assert.deepEqual([look.status, codeOf(look.json)], [503, "server.unavailable"]);
    assert.equal((await server.ask("GET", "/health")).status, 503);
  } finally {
    server.desk.become({ canSignIn: true, duty: "lone", state: "lone" });
  }
});

test("[API8] tries are counted for each address, and come back with time", () => {
  const limit = limitSources({ burst: 2, perSecond: 1, sourcesMax: 2 });
  assert.deepEqual(limit.admit("a", 0), { ok: true });
  assert.deepEqual(limit.admit("a", 0), { ok: true });
  assert.deepEqual(limit.admit("a", 0), { ok: false, waitS: 1 });
  assert.deepEqual(limit.admit("b", 0), { ok: true });
  assert.deepEqual(limit.admit("a", 1_000), { ok: true });
  assert.deepEqual(limit.admit("a", -5_000), { ok: false, waitS: 1 });
});

test("[API9] health tells the Main from the others", async () => {
  assert.equal((await server.ask("GET", "/health")).status, 200);
  assert.equal((await server.ask("GET", "/health/main")).status, 200);
  server.desk.become({ duty: "standby", state: "standby-valid" });
  assert.equal((await server.ask("GET", "/health")).status, 200);
  assert.equal((await server.ask("GET", "/health/main")).status, 503);
  server.desk.become({ duty: "lone", state: "lone" });
});

test("[API17][HS1] metrics give duty, state, cause and remedy; sentences only to whom we know", async () => {
  const exposed = {
    duty: "main",
    state: "main-exposed",
    cause: { code: "pair.unprotected", text: 'Changes have one copy: "B" is off.' },
    remedy: "Start B.",
    icon: { shape: "triangle", colour: "amber", word: "Main, not protected" },
    unprotected_since: rfc3339(server.desk.front.now() - 7_000),
    alarms: [
      { code: "backup.old", since: "", text: "The last backup is old.", remedy: "Make one." },
    ],
  } as const;
  server.desk.show(exposed);
  try {
    const { status, headers, text } = await server.ask("GET", "/metrics");
    assert.equal(status, 200);
    assert.match(String(headers["content-type"]), /^text\/plain; version=0\.0\.4/);
    for (const line of [
      'gridward_server_duty{duty="main"} 1',
      'gridward_server_duty{duty="standby"} 0',
      'gridward_server_state{state="main-exposed"} 1',
      'gridward_server_state{state="main-protected"} 0',
      'gridward_server_icon{colour="amber",word="▲ Main, not protected"} 1',
      'gridward_server_cause{code="pair.unprotected"} 1',
      'gridward_server_alarm{code="backup.old"} 1',
      "gridward_server_unprotected_seconds 7",
    ]) {
      assert.ok(text.split("\n").includes(line), `${line}\n${text}`);
    }
    assert.doesNotMatch(text, /one copy: |Start B|Make one/);
    const known = await server.ask("GET", "/metrics", { token: admin });
    const says = 'text="Changes have one copy: \\"B\\" is off.",remedy="Start B."';
    assert.ok(known.text.includes(`{code="pair.unprotected",${says}} 1\n`), known.text);
    assert.match(known.text, /code="backup\.old",text="The last .*",remedy="Make one\."/);
    assert.equal((await server.ask("GET", "/metrics", { token: "none" })).text, text);
  } finally {
    server.desk.show({});
  }
});

test("[API11] nothing sealed leaves the server", async () => {
  const paths = ["/v1/accounts", "/v1/accounts/admin", "/v1/system", "/v1/session", "/v1/devices"];
  for (const path of paths) {
    const { text } = await server.ask("GET", path, { token: admin });
    assert.doesNotMatch(text, /argon2|v1\.[A-Za-z0-9_-]{8}\.|verifier|history|replicaKey/, path);
  }
  const pair = await server.ask("GET", "/v1/pair", { token: admin });
  assert.doesNotMatch(pair.text, /"(pid|node_id|security)"/); // Members of the status it is made of.
  assert.equal(JSON.stringify(server.desk.entries()).includes(adminPassword), false);
});

test("[API12] a mounted protocol gets what came", async () => {
  const headers = { "content-type": "application/pkcs10", "x-test": "yes" };
  const answer = await server.ask("POST", "/echo", { raw: "12345", headers });
  assert.deepEqual([answer.status, answer.text], [200, "5 true yes"]);
});

test("[API13] of a fault of ours a peer learns its id alone", async () => {
  const answer = await server.ask("GET", "/defect");
  assert.equal(answer.status, 500);
  assert.equal(codeOf(answer.json), "server.defect");
  assert.doesNotMatch(answer.text, /inner/);
  assert.equal(server.defects.length, 1);
});
