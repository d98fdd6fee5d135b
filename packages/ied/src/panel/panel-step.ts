import { Secret } from "@gridward/core/base/secret";
import { second, type Millis } from "@gridward/core/base/time";
import { isRefusalCode, refusalSpec } from "@gridward/core/domain/refusal";
import type { LocalAnswer } from "../access/request.ts";
import {
  menuOf,
  type CertificateLines,
  type MenuItem,
  type PanelEvent,
  type PanelKey,
  type PanelQuestion,
  type PanelState,
  type PanelStep,
  type Screen,
} from "./panel-state.ts";
import { seenCertificates, seenSession, seenSignIn, seenStatus } from "./seen.ts";

/** What was begun and not touched for so long is let go; a password must not wait for a stranger. */
const typedFor: Millis = 60 * second;

const nameMax = 64;
const passwordMax = 256;

const menu: Screen = { kind: "menu", chosen: 0 };

/** The panel as a machine: keys, answers and time in, a screen and questions out (DV11). */
export function step(state: PanelState, event: PanelEvent): PanelStep {
  switch (event.kind) {
    case "key":
      return onKey({ ...state, lastKey: event.at, isUsed: true }, event);
    case "tick":
      return onTick(state, event.at);
    case "answered":
      return onAnswer(state, event.to, event.answer);
  }
}

function at(state: PanelState, screen: Screen, asks: PanelStep["asks"] = []): PanelStep {
  return { state: { ...state, screen }, asks };
}

function onTick(state: PanelState, now: Millis): PanelStep {
  const { session, screen, lastKey, isUsed } = state;
  const isTyped = screen.kind === "name" || screen.kind === "password";
  const rested = isTyped && now - lastKey >= typedFor ? { ...state, screen: menu } : state;
  if (session === null) return { state: rested, asks: [{ verb: "status" }] };
  return {
    state: { ...rested, isUsed: false },
    asks: [{ verb: "status" }, { verb: "session", name: session.account, isUsed }],
  };
}

function onKey(
  state: PanelState,
  { key, lastTop }: PanelEvent & { readonly kind: "key" },
): PanelStep {
  const { screen } = state;
  switch (screen.kind) {
    case "menu":
      return onMenu(state, screen.chosen, key);
    case "name":
      return onName(state, screen.typed, key);
    case "password":
      return onPassword(state, screen, key);
    case "busy":
      return { state, asks: [] }; // Its answer comes, or its time is over.
    case "told":
      return key.kind === "enter" || key.kind === "escape" ? at(state, menu) : at(state, screen);
    case "rights":
    case "diagnostics":
      if (key.kind === "escape" || key.kind === "enter") return at(state, menu);
      return at(state, { ...screen, top: Math.min(lastTop, moved(screen.top, key)) });
    case "certificates":
      if (key.kind === "escape") return at(state, menu);
      if (key.kind === "enter") return at(state, { ...screen, kind: "certificate", top: 0 });
      return at(state, { ...screen, chosen: within(screen.held, moved(screen.chosen, key)) });
    case "certificate": {
      const { held, chosen, top } = screen;
      if (key.kind === "escape") return at(state, { kind: "certificates", held, chosen });
      return at(state, { ...screen, top: Math.min(lastTop, moved(top, key)) });
    }
  }
}

function moved(place: number, key: PanelKey): number {
  if (key.kind === "up") return Math.max(0, place - 1);
  return key.kind === "down" ? place + 1 : place;
}

function within(rows: readonly unknown[], place: number): number {
  return Math.max(0, Math.min(place, rows.length - 1));
}

function onMenu(state: PanelState, chosen: number, key: PanelKey): PanelStep {
  const items = menuOf(state);
  if (key.kind !== "enter") {
    return at(state, { kind: "menu", chosen: within(items, moved(chosen, key)) });
  }
  return choose(state, items[within(items, chosen)] ?? "diagnostics");
}

function choose(state: PanelState, item: MenuItem): PanelStep {
  switch (item) {
    case "sign in":
      return at(state, { kind: "name", typed: "" });
    case "rights":
    case "diagnostics":
      return at(state, { kind: item, top: 0 });
    case "certificates":
      return at(state, busy("Reading certificates …"), [{ verb: "certificates" }]);
    case "sign out": {
      const name = state.session?.account ?? null;
      return at(state, busy("Signing out …"), [{ verb: "logout", name }]);
    }
  }
}

function busy(text: string): Screen {
  return { kind: "busy", text };
}

function onName(state: PanelState, typed: string, key: PanelKey): PanelStep {
  switch (key.kind) {
    case "escape":
      return at(state, menu);
    case "enter":
      if (typed.trim() === "") return at(state, { kind: "name", typed: "" });
      return at(state, { kind: "password", name: typed.trim(), typed: new Secret("") });
    case "erase":
      return at(state, { kind: "name", typed: typed.slice(0, -1) });
    case "text":
      return at(state, { kind: "name", typed: (typed + key.text).slice(0, nameMax) });
    case "up":
    case "down":
      return at(state, { kind: "name", typed });
  }
}

function onPassword(
  state: PanelState,
  screen: Screen & { readonly kind: "password" },
  key: PanelKey,
): PanelStep {
  const { name, typed } = screen;
  const typing = (text: string): PanelStep =>
    at(state, { ...screen, typed: new Secret(text.slice(0, passwordMax)) });
  switch (key.kind) {
    case "escape":
      return at(state, { kind: "name", typed: name });
    case "erase":
      return typing(typed.reveal().slice(0, -1));
    case "text":
      return typing(typed.reveal() + key.text);
    case "enter":
      return at(state, busy("Signing in …"), [{ verb: "login", name, password: typed.reveal() }]);
    case "up":
    case "down":
      return at(state, screen);
  }
}

function onAnswer(
  state: PanelState,
  to: PanelQuestion,
  answer: LocalAnswer | "not running" | "timed out",
): PanelStep {
  if (answer === "timed out") {
    return isBusy(state) ? at(state, told("No answer", ["Try again."])) : { state, asks: [] };
  }
  if (answer === "not running") return onStopped(state);
  const known = answer.ok ? { ...state, device: answer.device, warnings: answer.warnings } : state;
  switch (to) {
    case "status": {
      const seen = seenStatus.safeParse(answer.ok ? answer.data : undefined);
      return { state: { ...known, status: seen.data ?? null }, asks: [] };
    }
    case "session":
      return onSession(known, answer);
    case "login":
      return onSignIn(known, answer);
    case "logout":
      return at({ ...known, session: null }, menu, [{ verb: "status" }]);
    case "certificates": {
      const seen = seenCertificates.safeParse(answer.ok ? answer.data : undefined);
      if (!seen.success) return at(known, told("Certificates", ["They cannot be read."]));
      return at(known, { kind: "certificates", held: seen.data.map(linesOf), chosen: 0 });
    }
  }
}

function isBusy({ screen }: PanelState): boolean {
  return screen.kind === "busy";
}

function told(title: string, lines: readonly string[]): Screen {
  return { kind: "told", title, lines };
}

function linesOf(certificate: Readonly<Record<string, string>>): CertificateLines {
  return Object.entries(certificate).map(([name, value]) => [name.replaceAll("_", " "), value]);
}

/** Sessions do not survive a restart of the device, so nobody is signed in any more. */
function onStopped(state: PanelState): PanelStep {
  const stopped = { ...state, status: null, session: null, warnings: [] };
  return at(stopped, isBusy(state) || state.session !== null ? menu : state.screen);
}

/** It ended elsewhere: by disuse, by another sign-in, or because the account was changed. */
function onSession(state: PanelState, answer: LocalAnswer): PanelStep {
  if (state.session === null) return { state, asks: [] }; // Signed out meanwhile.
  const seen = seenSession.safeParse(answer.ok ? answer.data : undefined);
  if (seen.success) return { state: { ...state, session: seen.data }, asks: [] };
  return at(
    { ...state, session: null },
    told("Signed out", ["The session at this panel is over."]),
  );
}

function onSignIn(state: PanelState, answer: LocalAnswer): PanelStep {
  if (!answer.ok) return at(state, refusalOf(answer));
  const seen = seenSignIn.safeParse(answer.data);
  if (!seen.success) return at(state, told("Access denied", []));
  const { account, source, fresh, days_left } = seen.data;
  const by = source === "replica" ? "from the replica, as no server answers" : `by the ${source}`;
  const lines = [
    `${account}, ${by}`,
    ...(fresh || source === "replica" ? [] : ["That server does not hear its Main."]),
    ...(days_left === null ? [] : [`Password valid for ${days_left} more days.`]),
    ...answer.warnings,
  ];
  const session = {
    account,
    roles: [],
    rights: [],
    source,
    must_change: false,
    left_s: 0,
  };
  return at({ ...state, session }, told("Signed in", lines), [
    { verb: "session", name: account, isUsed: true },
    { verb: "status" },
  ]);
}

/** The words of the original's table of sign-in results (DV6), and what to do. */
function refusalOf({ code, event }: Extract<LocalAnswer, { readonly ok: false }>): Screen {
  const spec = refusalSpec(isRefusalCode(code) ? code : "credential.rejected");
  if (event === 1150) return told("Password expired", [spec.remedy]);
  if (event === 1170) return told("Login blocked for this ID!", [spec.remedy]);
  if (event === 3810) {
    return told("Error in the Central Account Server!", [spec.says, spec.remedy]);
  }
  return told("Access denied", [spec.remedy]);
}
