import { hour, minute, second } from "@gridward/core/base/time";
import {
  menuOf,
  type CertificateLines,
  type MenuItem,
  type PanelState,
  type Screen,
} from "./panel-state.ts";
import type { SeenSession } from "./seen.ts";

/** `calm` grey, `good` green, `warn` yellow, `bad` red: always beside a glyph and a word. */
export type Tone = "plain" | "calm" | "good" | "warn" | "bad" | "chosen";

export interface Line {
  readonly text: string;
  readonly tone: Tone;
}

/** What stands on the panel, before it is cut to the size of a terminal. */
export interface PanelView {
  readonly head: readonly Line[];
  readonly body: readonly Line[];
  /** The line that must be seen; of a text, its first. */
  readonly focus: number;
  readonly isText: boolean;
  readonly foot: string;
}

const plain = (text: string): Line => ({ text, tone: "plain" });
const calm = (text: string): Line => ({ text, tone: "calm" });

export function viewOf(state: PanelState): PanelView {
  const head = [
    {
      ...sourceLine(state.status),
      text: `${state.device || "device"}  ${sourceLine(state.status).text}`,
    },
    calm(whoIsIn(state.session)),
    ...state.warnings.map((text): Line => ({ text: `! ${text}`, tone: "warn" })),
  ];
  return { head, ...bodyOf(state, state.screen) };
}

/** Where sign-ins are decided now: glyph, word and tone. */
function sourceLine(status: PanelState["status"]): Line {
  if (status === undefined) return { text: "… asking the device", tone: "calm" };
  if (status === null) return { text: "✖ not running", tone: "bad" };
  const online = status.servers.filter(({ state }) => state === "Online");
  if (online.length > 0) {
    return { text: `● online: ${online.map(({ name }) => name).join(", ")}`, tone: "good" };
  }
  const { usable, age_s } = status.replication;
  if (usable) return { text: `◐ on replica, ${ageText(age_s ?? 0)} old`, tone: "warn" };
  return { text: "✖ no source", tone: "bad" };
}

function ageText(seconds: number): string {
  const age = seconds * second;
  if (age < minute) return `${seconds} s`;
  if (age < hour) return `${Math.floor(age / minute)} min`;
  return `${Math.floor(age / hour)} h`;
}

/** To the second: a narrow panel has no room for more. */
function timeText(rfc3339: string): string {
  return rfc3339.replace(/\.\d+/, "");
}

function whoIsIn(session: SeenSession | null): string {
  if (session === null) return "Nobody is signed in here";
  const roles = [...new Set(session.roles.map(({ role }) => role))].join(", ");
  return roles === "" ? session.account : `${session.account} (${roles})`;
}

const chooseKeys = "↑↓ choose  Enter open";
const leaveKeys = "Ctrl-C leave";
const readKeys = "↑↓ read on  Esc back";

const items: { readonly [Item in MenuItem]: string } = {
  "sign in": "Sign in",
  rights: "Rights and time left",
  diagnostics: "Diagnostics",
  certificates: "Certificates",
  "sign out": "Sign out",
};

function bodyOf(state: PanelState, screen: Screen): Omit<PanelView, "head"> {
  switch (screen.kind) {
    case "menu":
      return chosenOf(
        menuOf(state).map((item) => items[item]),
        screen.chosen,
        `${chooseKeys}  ${leaveKeys}`,
      );
    case "name":
      return typing("Sign in", `Name: ${screen.typed}_`, "Enter on  Esc back");
    case "password": {
      const shown = "*".repeat(screen.typed.reveal().length);
      return typing(`Sign in as ${screen.name}`, `Password: ${shown}_`, "Enter sign in  Esc back");
    }
    case "busy":
      return { body: [calm(screen.text)], focus: 0, isText: false, foot: "" };
    case "told":
      return reading([plain(screen.title), plain(""), ...screen.lines.map(plain)], 0, "Enter on");
    case "rights":
      return reading(rightsLines(state.session), screen.top, readKeys);
    case "diagnostics":
      return reading(diagnosticLines(state.status), screen.top, readKeys);
    case "certificates":
      return chosenOf(screen.held.map(titleOf), screen.chosen, `${chooseKeys}  Esc back`);
    case "certificate": {
      const lines = screen.held[screen.chosen] ?? [];
      return reading(lines.flatMap(columnLines), screen.top, readKeys);
    }
  }
}

function chosenOf(rows: readonly string[], chosen: number, foot: string): Omit<PanelView, "head"> {
  const body = rows.map((row, index): Line => {
    const isChosen = index === chosen;
    return { text: `${isChosen ? ">" : " "} ${row}`, tone: isChosen ? "chosen" : "plain" };
  });
  return { body, focus: chosen, isText: false, foot };
}

function typing(title: string, line: string, foot: string): Omit<PanelView, "head"> {
  return { body: [plain(title), plain(""), plain(line)], focus: 2, isText: false, foot };
}

function reading(body: readonly Line[], focus: number, foot: string): Omit<PanelView, "head"> {
  return { body, focus, isText: true, foot };
}

function titleOf(certificate: CertificateLines): string {
  const columns = new Map(certificate);
  const use = columns.get("use") === "device" ? "own" : "trusted";
  return `${use}: ${columns.get("subject") ?? ""}`;
}

function columnLines([name, value]: readonly [string, string]): readonly Line[] {
  return [calm(name), plain(`  ${value}`)];
}

function rightsLines(session: SeenSession | null): readonly Line[] {
  if (session === null) return [plain("Nobody is signed in here.")];
  const { rights, roles, left_s } = session;
  return [
    plain(`Signed out in ${ageText(left_s)} unless a key is pressed.`),
    plain(""),
    calm("Roles"),
    ...roles.map(({ role, area }) => plain(`  ${role} in ${area}`)),
    calm("Rights at this device"),
    ...rights.map(({ right, level }) => plain(`  ${right}${level === "read" ? " (read)" : ""}`)),
    ...(rights.length === 0 ? [plain("  none")] : []),
  ];
}

/** DV4: labels and words of the original's diagnostics, then what we add. */
function diagnosticLines(status: PanelState["status"]): readonly Line[] {
  if (status === undefined) return [calm("Asking the device …")];
  if (status === null) return [plain("The device is not running.")];
  const { mode, servers, replication, certificate, revocation, athstat } = status;
  const places = Math.max(2, servers.length);
  const serverLines = Array.from({ length: places }, (_, index) => {
    const server = servers[index];
    const words = server === undefined ? "Not configured" : `${server.state}  ${server.name}`;
    return [
      pair(`CAMServer${index + 1}Status`, words),
      ...(server?.cause ? [plain(`  ${server.cause}`)] : []),
    ];
  });
  return [
    pair("UAMMode", mode),
    ...serverLines.flat(),
    pair("Replication", replication.status),
    pair(
      "ReplicaLastUpdate",
      replication.last_success === null ? "never" : timeText(replication.last_success),
    ),
    plain(""),
    pair("Replica age", replication.age_s === null ? "none" : ageText(replication.age_s)),
    pair("Accounts in it", String(replication.accounts)),
    pair("Certificate", certificate.reason ?? certificate.state),
    pair("  valid until", timeText(certificate.not_after)),
    pair("Revocation list", revocation.list),
    pair("USRBLKED", athstat.usrblked ? "1" : "0"),
    pair("LOGGEDON", athstat.loggedon ? "1" : "0"),
  ];
}

const labelWidth = 18;

function pair(label: string, value: string): Line {
  return plain(`${label.padEnd(labelWidth)} ${value}`);
}
