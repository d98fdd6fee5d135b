import assert from "node:assert/strict";
import { test } from "node:test";
import { accountId, nodeId, requestId, sealed } from "@gridward/core/base/identity";
import { origin } from "@gridward/core/domain/entry";
import type { Fact } from "@gridward/core/domain/fact";
import { setAsideRows } from "@gridward/core/domain/set-aside";
import type { Actor } from "@gridward/core/domain/types";
import { freshRequestId } from "@gridward/runtime/os/random";
import { aDesk, serverActor, type TestDesk } from "./a-desk.ts";
import { setAsideEndpoints } from "./set-aside-endpoints.ts";

const maker: Actor = { kind: "account", id: "x", name: "meyer", door: "https", source: "" };

/** Records one lost change of server A, as A would. */
function lose(desk: TestDesk, seq: number, facts: readonly Fact[]): void {
  const content = { at: seq, actor: maker, requestId: requestId(`lost ${seq}`), kind: "a-command" };
  const place = { ...origin, term: 3, seq, prev: origin.hash, node: nodeId("A") };
  const about = { mark: "unknown", forkedAt: 0, by: nodeId("A"), setAsideAt: 9 } as const;
  for (const row of setAsideRows({ ...place, ...content, facts, answer: {} }, about)) {
    desk.order(serverActor, { kind: "record-set-aside", row });
  }
}

function aTroubledDesk(): TestDesk {
  const desk = aDesk();
  const admin = desk.front.state().accountsByName.get("admin") ?? accountId("");
  const changedAt = desk.front.now() + 1;
  const verifier = sealed("secret-verifier");
  const password = { verifier, version: 9, changedAt, mustChange: false, history: [verifier] };
  lose(desk, 5, [{ kind: "account-enabled", id: accountId("gone") }]);
  lose(desk, 6, [{ kind: "code-issued", id: admin, code: { verifier, expiresAt: changedAt } }]);
  lose(desk, 7, [{ kind: "account-disabled", id: admin }]);
  lose(desk, 8, [{ kind: "password-set", id: admin, password }]);
  return desk;
}

async function ask(
  desk: TestDesk,
  name: keyof ReturnType<typeof setAsideEndpoints>,
  asked: { readonly params?: unknown; readonly query?: unknown; readonly body?: unknown } = {},
): Promise<string> {
  const { params = {}, query = {}, body = null } = asked;
  const caller = {
    session: null,
    actor: maker,
    requestId: freshRequestId(),
    client: null,
    objection: () => null,
    begunUnder: null,
  };
  return JSON.stringify(await setAsideEndpoints(desk)[name].run({ params, query, body }, caller));
}

test("[DESK8][HS9] lost changes are listed, what lowers security first, and no secret in them", async () => {
  const desk = aTroubledDesk();
  const list = await ask(desk, "setAsideList");
  assert.doesNotMatch(list, /secret-verifier/);
  const order = [...list.matchAll(/"id":"(3-\d)-A"/g)].map(([, id]) => id);
  assert.deepEqual(order, ["3-7", "3-5", "3-6", "3-8"]);
  assert.match(list, /account disabled: admin/);
  assert.match(list, /admin was disabled on A at .* and is enabled in the system now/);
  assert.match(await ask(desk, "setAsideList", { query: { search: "password" } }), /"total":1/);
});

test("[DESK8][HS9] one is found by the beginning of its id, and judged by who may", async () => {
  const desk = aTroubledDesk();
  assert.match(await ask(desk, "setAsideShow", { params: { id: "3-7" } }), /"made_by":"meyer"/);
  assert.match(await ask(desk, "setAsideShow", { params: { id: "3" } }), /tail\.several/);
  assert.match(await ask(desk, "setAsideShow", { params: { id: "4-7" } }), /tail\.not-found/);
  const judged = { params: { id: "3-7" }, body: { reason: "no" } };
  assert.match(await ask(desk, "setAsideReject", judged), /access\.denied/);
});
