import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { LocalAnswer } from "../access/request.ts";
import {
  firstState,
  type PanelEvent,
  type PanelKey,
  type PanelState,
  type PanelStep,
} from "./panel-state.ts";
import { step } from "./panel-step.ts";
import { aStatus } from "./a-status.ts";
import { viewOf } from "./panel-view.ts";

const lastTop = 5;

function press(state: PanelState, ...keys: readonly (PanelKey["kind"] | { text: string })[]) {
  let now: PanelStep = { state, asks: [] };
  for (const key of keys) {
    const pressed: PanelKey =
      typeof key === "object" ? { kind: "text", text: key.text } : toKey(key);
    now = step(now.state, { kind: "key", key: pressed, at: 0, lastTop });
  }
  return now;
}

function toKey(kind: PanelKey["kind"]): PanelKey {
  return kind === "text" ? { kind, text: "" } : { kind };
}

function answered(
  state: PanelState,
  to: (PanelEvent & { readonly kind: "answered" })["to"],
  data: Extract<LocalAnswer, { readonly ok: true }>["data"],
): PanelState {
  const answer = { ok: true, device: "Q01", data, warnings: [] } as const;
  return step(state, { kind: "answered", to, answer }).state;
}

const typedIn = press(firstState, "enter", { text: "anna" }, "enter", { text: "hunter" }).state;

const granted = { account: "anna", source: "main", fresh: true, days_left: 12 };

const anna = {
  account: "anna",
  roles: [{ role: "OPERATOR", area: "*" }],
  rights: [{ right: "Control-Basic", level: "full" }],
  source: "main",
  must_change: false,
  left_s: 600,
};

function signedIn(): PanelState {
  const told = answered(press(typedIn, "enter").state, "login", granted);
  return press(answered(told, "session", anna), "enter").state;
}

const bodyOf = (state: PanelState): string =>
  viewOf(state)
    .body.map(({ text }) => text)
    .join("\n");

test("[PN3][DV11] a name is typed, the password is hidden, and both go to the device once", () => {
  assert.match(bodyOf(typedIn), /Sign in as anna\n\nPassword: \*{6}_/);
  assert.doesNotMatch(JSON.stringify(typedIn), /hunter/);
  const { state, asks } = press(typedIn, "erase", "enter");
  assert.deepEqual(asks, [{ verb: "login", name: "anna", password: "hunte" }]);
  assert.deepEqual(press(state, "enter", "escape", { text: "x" }).asks, []);
  const nameless = press(firstState, "enter", { text: "  " }, "enter");
  assert.equal(nameless.state.screen.kind, "name");
});

test("[PN3] what was begun and is not touched is let go after a minute, not before", () => {
  const tick = (at: number) => step(typedIn, { kind: "tick", at }).state.screen.kind;
  assert.deepEqual([tick(59_999), tick(60_000)], ["password", "menu"]);
});

test("[PN4][DV6] each result of a sign-in is told in the original's words", () => {
  const results = [
    [1130, "credential.rejected", "Access denied"],
    [1120, "credential.rejected", "Access denied"],
    [1150, "password.expired", "Password expired"],
    [1170, "credential.rejected", "Login blocked for this ID!"],
    [3810, "device.no-replica", "Error in the Central Account Server!"],
  ] as const;
  for (const [event, code, words] of results) {
    const answer = { ok: false, code, detail: "anna", event } as const;
    const { state } = step(press(typedIn, "enter").state, {
      kind: "answered",
      to: "login",
      answer,
    });
    assert.equal(bodyOf(state).split("\n")[0], words);
    assert.equal(state.session, null);
    assert.doesNotMatch(bodyOf(state), /anna/);
  }
  const welcome = answered(press(typedIn, "enter").state, "login", granted);
  assert.match(
    bodyOf(welcome),
    /^Signed in\n\nanna, by the main\nPassword valid for 12 more days\.$/,
  );
});

test("[PN5] roles, rights and the time left are shown, and only a key is use of the session", () => {
  const state = signedIn();
  const shown = bodyOf(press(state, "enter").state);
  assert.match(shown, /Signed out in 10 min/);
  assert.match(shown, /OPERATOR in \*/);
  assert.match(shown, /Control-Basic/);
  const first = step(state, { kind: "tick", at: 1 });
  assert.deepEqual(first.asks[1], { verb: "session", name: "anna", isUsed: true });
  const second = step(first.state, { kind: "tick", at: 2 });
  assert.deepEqual(second.asks[1], { verb: "session", name: "anna", isUsed: false });
});

test("[PN6] a session that ended elsewhere ends here and is told; so it does when the device stops", () => {
  const over = { ok: false, code: "access.no-session", detail: "", event: null } as const;
  const ended = step(signedIn(), { kind: "answered", to: "session", answer: over }).state;
  assert.equal(ended.session, null);
  assert.match(bodyOf(ended), /^Signed out/);
  const stopped = step(signedIn(), { kind: "answered", to: "status", answer: "not running" }).state;
  assert.deepEqual([stopped.session, stopped.status], [null, null]);
  assert.match(viewOf(stopped).head[0]?.text ?? "", /✖ not running/);
});

test("[PN6] signing out asks the device, and nobody is shown as signed in after", () => {
  const { state, asks } = press(signedIn(), "down", "down", "down", "enter");
  assert.deepEqual(asks, [{ verb: "logout", name: "anna" }]);
  assert.equal(answered(state, "logout", { ended: 1 }).session, null);
  // An answer about the session that was under way does not bring it back.
  const late = answered(answered(state, "logout", { ended: 1 }), "session", anna);
  assert.equal(late.session, null);
});

test("[PN7] a text stops at its end, a list at its last row", () => {
  const down = Array.from({ length: 9 }, () => "down" as const);
  const { screen } = press(firstState, "down", "enter", ...down).state;
  assert.deepEqual(screen, { kind: "diagnostics", top: lastTop });
  assert.deepEqual(press(firstState, ...down).state.screen, { kind: "menu", chosen: 2 });
});

test("[PN8] whatever keys and answers come, it stays a panel and asks only what was chosen", () => {
  const keys = fc.oneof(
    fc.constantFrom(...(["up", "down", "enter", "escape", "erase"] as const)).map(toKey),
    fc.string({ maxLength: 4 }).map((text): PanelKey => ({ kind: "text", text })),
  );
  const pressed = fc.record({
    kind: fc.constant("key" as const),
    key: keys,
    at: fc.nat(),
    lastTop: fc.nat(20),
  });
  const answer = fc.oneof(
    fc.constantFrom("not running" as const, "timed out" as const),
    fc.record({
      ok: fc.constant(true as const),
      device: fc.string(),
      data: fc.oneof(
        fc.constantFrom(granted, anna, aStatus, [{ use: "device" }]),
        fc.constant(null),
      ),
      warnings: fc.constant([]),
    }),
    fc.record({
      ok: fc.constant(false as const),
      code: fc.string(),
      detail: fc.string(),
      event: fc.constantFrom(null, 1130, 3810),
    }),
  );
  const told = fc.record({
    kind: fc.constant("answered" as const),
    to: fc.constantFrom(...(["status", "session", "login", "logout", "certificates"] as const)),
    answer,
  });
  const tick = fc.record({ kind: fc.constant("tick" as const), at: fc.nat() });
  fc.assert(
    fc.property(fc.array(fc.oneof(pressed, told, tick), { maxLength: 60 }), (events) => {
      let state = firstState;
      for (const event of events) {
        const before = state.screen.kind;
        const next = step(state, event);
        const isChosen = event.kind === "key" && event.key.kind === "enter";
        for (const { verb } of next.asks) {
          const from = verb === "login" ? "password" : "menu";
          const isFree = verb === "status" || verb === "session";
          assert.ok(isFree || (isChosen && before === from), verb);
        }
        state = next.state;
        assert.ok(viewOf(state).body.length > 0);
      }
    }),
  );
});
