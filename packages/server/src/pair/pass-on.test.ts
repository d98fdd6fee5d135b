import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bytes, decodeUtf8 } from "@gridward/core/base/bytes";
import {
  accountId,
  deviceId,
  groupId,
  type NodeId,
  nodeId,
  requestId,
} from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import type { ChangeOrder, Command } from "@gridward/core/domain/command";
import { aServer, anActor } from "@gridward/core/domain/fixtures";
import type { PassedOrder } from "@gridward/core/domain/parse-order";
import type { Refusal } from "@gridward/core/domain/refusal";
import { type DirectoryState, emptyState } from "@gridward/core/domain/state";
import { requestKey } from "@gridward/core/domain/tables";
import type { Duty } from "@gridward/core/domain/server-status";
import type { Actor } from "@gridward/core/domain/types";
import type { Receipt } from "../parts.ts";
import { answerSubmits, submittedMost } from "./answer-submit.ts";
import { parsePassOn, type SubmitFrame, encodePassOn } from "./pass-on-frame.ts";
import { PassOn, passedOnMost, type Route } from "./pass-on.ts";
import { submitChange } from "./submit-change.ts";

type Answer = Result<Receipt, Refusal>;

const main = nodeId("A");
const standby = nodeId("B");
const admin = anActor("admin");
const receipt: Receipt = { seq: 7, answer: {} };
const anUnlock: Command = { kind: "unlock-account", id: accountId("anna") };

function frameOf(bytes: Bytes | undefined): SubmitFrame {
  assert.ok(bytes);
  const text = decodeUtf8(bytes);
  assert.ok(text.ok);
  const frame = parsePassOn(JSON.parse(text.value));
  assert.ok(frame.ok && frame.value.kind === "submit", text.value);
  return frame.value;
}

/** One connection that ends when the test says so. */
class FakeRoute implements Route {
  readonly sent: Bytes[] = [];
  isUp = true;

  async send(frame: Bytes): Promise<void> {
    this.sent.push(frame);
  }

  isOpen(): boolean {
    return this.isUp;
  }
}

interface Asked {
  answer: Answer | undefined;
  readonly outcome: Promise<Answer>;
}

/** A Standby whose Main is the test. */
function aStandby() {
  const world: { main: NodeId | null; isSilent: boolean; committed: number; at: number } = {
    main,
    isSilent: false,
    committed: 5,
    at: 0,
  };
  let state: DirectoryState = emptyState;
  let route = new FakeRoute();
  let soon: (() => void)[] = [];
  const passOn = new PassOn({
    main: () => world.main,
    isSilent: (of) => of === main && world.isSilent,
    state: () => state,
    committedSeq: () => world.committed,
    route: () => route,
    monotonic: () => world.at,
    soon: (work) => void soon.push(work),
  });
  const ask = (id: string, change: Partial<ChangeOrder> = {}): Asked => {
    const order = { command: anUnlock, actor: admin, requestId: requestId(id), ...change };
    const asked: Asked = { answer: undefined, outcome: passOn.submit(order) };
    void asked.outcome.then((answer) => {
      asked.answer = answer;
    });
    return asked;
  };
  const settle = async (): Promise<void> => {
    passOn.look();
    const works = soon;
    soon = [];
    for (const work of works) work();
    await new Promise((done) => void setImmediate(done));
  };
  return {
    world,
    passOn,
    ask,
    settle,
    route: () => route,
    reconnect: (isUp: boolean) => {
      route.isUp = false;
      route = new FakeRoute();
      route.isUp = isUp;
    },
    remember: (id: string, by: Actor) => {
      const row = { requestId: requestId(id), by: `${by.kind} ${by.id}`, seq: 3, answer: {} };
      const requests = state.tables.requests.set(requestKey(3), row);
      const requestsById = state.requestsById.set(row.requestId, requestKey(3));
      state = { ...state, tables: { ...state.tables, requests }, requestsById };
    },
  };
}

function codeOf(answer: Answer | undefined): string | undefined {
  return answer === undefined || answer.ok ? undefined : answer.error.code;
}

test("[PO1][HS17] a change is answered when the Main confirmed it and it can be read here", async () => {
  const { world, passOn, ask, settle, route } = aStandby();
  const asked = ask("one");
  await settle();
  const { id, submission } = frameOf(route().sent[0]);
  assert.deepEqual([submission.actor, submission.requestId], [admin, "one"]);
  passOn.take(main, { kind: "submitted", id, outcome: ok(receipt) });
  await settle();
  assert.equal(asked.answer, undefined);
  world.committed = 7;
  await settle();
  assert.deepEqual(asked.answer, ok(receipt));
});

test("[PO1] what the Main confirmed is answered after 2 s, seen here or not", async () => {
  const { world, passOn, ask, settle } = aStandby();
  const asked = ask("one");
  await settle();
  passOn.take(main, { kind: "submitted", id: 1, outcome: ok(receipt) });
  world.at = 1_999;
  await settle();
  assert.equal(asked.answer, undefined);
  world.at = 2_000;
  await settle();
  assert.deepEqual(asked.answer, ok(receipt));
});

test("[PO1] a refusal of the Main is the answer at once", async () => {
  const { passOn, ask, settle } = aStandby();
  const asked = ask("one");
  await settle();
  const refusal = { ok: false, error: { code: "account.not-found", detail: "anna" } } as const;
  passOn.take(nodeId("C"), { kind: "submitted", id: 1, outcome: ok(receipt) });
  passOn.take(main, { kind: "submitted", id: 2, outcome: ok(receipt) });
  await settle();
  assert.equal(asked.answer, undefined);
  passOn.take(main, { kind: "submitted", id: 1, outcome: refusal });
  await settle();
  assert.deepEqual(asked.answer, refusal);
});

test("[PO2] a retry gets the first answer here, and nobody else does", async () => {
  const { world, ask, settle, route, remember } = aStandby();
  remember("one", admin);
  world.main = null;
  const again = ask("one");
  const other = ask("one", { actor: anActor("eve") });
  await settle();
  assert.deepEqual(again.answer, ok({ seq: 3, answer: {} }));
  assert.equal(codeOf(other.answer), "request.id-taken");
  assert.equal(route().sent.length, 0);
});

test("[PO3] without a Main, and for what only a Main orders, nothing is sent", async () => {
  const { world, ask, settle, route } = aStandby();
  const trial = { kind: "spend-invite-try", name: "C" } as const;
  const own = ask("own", { command: trial });
  world.main = null;
  const lost = ask("lost");
  await settle();
  assert.deepEqual(
    [own, lost].map(({ answer }) => codeOf(answer)),
    ["pair.not-main", "pair.not-main"],
  );
  assert.equal(route().sent.length, 0);
});

test("[PO4] a connection that ends leaves the outcome unknown where there is no other", async () => {
  const { passOn, ask, settle, reconnect } = aStandby();
  const asked = ask("one");
  await settle();
  reconnect(false);
  await settle();
  assert.equal(codeOf(asked.answer), "pair.unknown-outcome");
  passOn.take(main, { kind: "submitted", id: 1, outcome: ok(receipt) });
});

test("[PO4] the same request goes once more over the connection that is left", async () => {
  const { world, passOn, ask, settle, reconnect, route } = aStandby();
  const asked = ask("one");
  await settle();
  const first = frameOf(route().sent[0]);
  reconnect(true);
  await settle();
  assert.deepEqual(route().sent.map(frameOf), [first]);
  passOn.take(main, { kind: "submitted", id: first.id, outcome: ok(receipt) });
  world.committed = 7;
  await settle();
  assert.ok(asked.answer?.ok);
});

const notMain = { ok: false, error: { code: "pair.not-main", detail: "fenced" } } as const;

test("[PO9] what went to a Main that falls silent is not done by whoever succeeds that one", async () => {
  const { world, passOn, ask, settle } = aStandby();
  let duty: Duty = "standby";
  const written: ChangeOrder[] = [];
  const write = async (order: ChangeOrder): Promise<Answer> => {
    written.push(order);
    return ok(receipt);
  };
  const pass = { duty: () => duty, write, passOn: async () => ask("one").outcome };
  const asked = submitChange(pass, {
    command: anUnlock,
    actor: admin,
    requestId: requestId("one"),
  });
  await settle();
  world.isSilent = true;
  await settle();
  duty = "main";
  passOn.take(main, { kind: "submitted", id: 1, outcome: notMain });
  assert.equal(codeOf(await asked), "pair.unknown-outcome");
  assert.deepEqual(written, []);
});

test("[PO9] what is refused only when it was sent once more may have been done before", async () => {
  const { passOn, ask, settle, reconnect } = aStandby();
  const asked = ask("one");
  await settle();
  reconnect(true);
  await settle();
  passOn.take(main, { kind: "submitted", id: 1, outcome: notMain });
  await settle();
  assert.equal(codeOf(asked.answer), "pair.unknown-outcome");
});

test("[PO4] a Main that says nothing for 20 s leaves the outcome unknown", async () => {
  const { world, ask, settle } = aStandby();
  const asked = ask("one");
  world.at = 19_999;
  await settle();
  assert.equal(asked.answer, undefined);
  world.at = 20_000;
  await settle();
  assert.equal(codeOf(asked.answer), "pair.unknown-outcome");
});

test("[PO6] a Standby passes on so many at once, and no frame that is too large", async () => {
  const { ask, settle } = aStandby();
  const device = {
    name: "x".repeat(1_000),
    manufacturer: "",
    type: "",
    accessPoints: [],
    area: "",
  };
  const devices = Array.from({ length: 5_000 }, (_, each) => ({
    ...device,
    id: deviceId(`d${each}`),
  }));
  const large = ask("large", {
    command: { kind: "register-devices", devices, group: groupId("g") },
  });
  for (let each = 0; each < passedOnMost; each++) ask(`r${each}`);
  const late = ask("late");
  await settle();
  assert.equal(codeOf(large.answer), "request.too-large");
  assert.equal(codeOf(late.answer), "server.overloaded");
});

/** A Main that is asked by `B`, a server of the system. */
function aMain() {
  const servers = emptyState.tables.servers.set(standby, aServer("B"));
  const state = { ...emptyState, tables: { ...emptyState.tables, servers } };
  const written: ChangeOrder[] = [];
  const held: ((answer: Answer) => void)[] = [];
  const answer = answerSubmits({
    state: () => state,
    write: async (order) => {
      written.push(order);
      return new Promise((resolve) => void held.push(resolve));
    },
  });
  return { answer, written, held };
}

function anOrder(actor: Actor): PassedOrder {
  const command = { kind: "lock-account", id: accountId("anna"), until: 1 } as const;
  return { command, actor, requestId: requestId("one") };
}

test("[PO5] the Main writes it in the name of who asked, and notes who passed it on", async () => {
  const { answer, written, held } = aMain();
  const server: Actor = { kind: "server", id: "B", name: "B", door: "pair", source: "" };
  const asked = [admin, { ...admin, via: "somewhere" }, server].map(async (actor) =>
    answer(standby, anOrder(actor)),
  );
  const via = { ...admin, via: "B" };
  assert.deepEqual(
    written.map(({ actor }) => actor),
    [via, via, server],
  );
  for (const resolve of held) resolve(ok(receipt));
  assert.deepEqual(await Promise.all(asked), [ok(receipt), ok(receipt), ok(receipt)]);
});

test("[PO5] a Standby speaks as a server only for itself, and a stranger not at all", async () => {
  const { answer, written } = aMain();
  const other: Actor = { kind: "server", id: "A", name: "A", door: "pair", source: "" };
  assert.equal(codeOf(await answer(standby, anOrder(other))), "access.denied");
  assert.equal(codeOf(await answer(nodeId("C"), anOrder(admin))), "pair.server-not-found");
  assert.deepEqual(written, []);
});

test("[PO5] a server without a database knows nobody, and says that it has none", async () => {
  const answer = answerSubmits({
    state: () => emptyState,
    write: async () => assert.fail("nothing is written"),
  });
  assert.equal(codeOf(await answer(standby, anOrder(admin))), "server.unavailable");
});

test("[PO6] the Main holds so many changes of one Standby at once", async () => {
  const { answer, held } = aMain();
  const asked = Array.from({ length: submittedMost }, async () => answer(standby, anOrder(admin)));
  assert.equal(codeOf(await answer(standby, anOrder(admin))), "server.overloaded");
  for (const resolve of held) resolve(ok(receipt));
  await Promise.all(asked);
  void answer(standby, anOrder(admin));
  assert.equal(held.length, submittedMost + 1);
});

test("[PO8] a change that met a duty on its way elsewhere goes there, once", async () => {
  for (const [before, after, door] of [
    ["main", "standby", "passed on"],
    ["standby", "main", "written"],
  ] as const) {
    const doors: string[] = [];
    const world: { duty: Duty } = { duty: before };
    const through = (name: string, mine: Duty) => async (): Promise<Answer> => {
      doors.push(name);
      if (world.duty === mine && doors.length > 1) return ok(receipt);
      world.duty = after;
      return notMain;
    };
    const pair = {
      duty: () => world.duty,
      write: through("written", "main"),
      passOn: through("passed on", "standby"),
    };
    assert.deepEqual(await submitChange(pair, anOrder(admin)), ok(receipt));
    assert.deepEqual(doors.at(-1), door);
    assert.equal(doors.length, 2);
  }
  const fenced = {
    duty: (): Duty => "fenced",
    write: async () => notMain,
    passOn: async () => notMain,
  };
  assert.deepEqual(await submitChange(fenced, anOrder(admin)), notMain);
});

test("[PO7] any bytes are a frame of this conversation or refused", () => {
  const submission = anOrder(admin);
  const sound = { kind: "submit", id: 1, submission };
  assert.ok(parsePassOn(sound).ok);
  const answer = { kind: "submitted", id: 1, outcome: ok(receipt) };
  assert.ok(parsePassOn(answer).ok);
  const long = { code: "device.bad-rows", detail: "x".repeat(100_000) } as const;
  const encoded = decodeUtf8(
    encodePassOn({ kind: "submitted", id: 1, outcome: { ok: false, error: long } }),
  );
  assert.ok(encoded.ok && parsePassOn(JSON.parse(encoded.value)).ok);
  for (const wrong of [
    null,
    { ...sound, id: -1 },
    { ...sound, more: 1 },
    { ...sound, submission: { ...submission, at: 1 } },
    { ...answer, outcome: { ok: false, error: { code: "no.such", detail: "" } } },
    { ...answer, outcome: { ok: true, value: { ...receipt, secret: "" } } },
    { ...answer, outcome: null },
  ]) {
    assert.equal(parsePassOn(wrong).ok, false, JSON.stringify(wrong));
  }
});
