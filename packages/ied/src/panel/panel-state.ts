import type { Secret } from "@gridward/core/base/secret";
import type { Millis } from "@gridward/core/base/time";
import type { LocalAnswer, LocalRequest } from "../access/request.ts";
import type { SeenSession, SeenStatus } from "./seen.ts";

/** What a panel has: no mouse, and on many devices no other keys. */
export type PanelKey =
  | { readonly kind: "up" | "down" | "enter" | "escape" | "erase" }
  | { readonly kind: "text"; readonly text: string };

/** A certificate as it came, one line for each of its columns. */
export type CertificateLines = readonly (readonly [string, string])[];

export type Screen =
  | { readonly kind: "menu"; readonly chosen: number }
  | { readonly kind: "name"; readonly typed: string }
  | { readonly kind: "password"; readonly name: string; readonly typed: Secret<string> }
  | { readonly kind: "busy"; readonly text: string }
  | { readonly kind: "told"; readonly title: string; readonly lines: readonly string[] }
  | { readonly kind: "rights" | "diagnostics"; readonly top: number }
  | {
      readonly kind: "certificates";
      readonly held: readonly CertificateLines[];
      readonly chosen: number;
    }
  | {
      readonly kind: "certificate";
      readonly held: readonly CertificateLines[];
      readonly chosen: number;
      readonly top: number;
    };

export interface PanelState {
  /** Its name; "" until it has answered once. */
  readonly device: string;
  /** null: nobody answers on the local socket; undefined: it was not asked yet. */
  readonly status: SeenStatus | null | undefined;
  readonly warnings: readonly string[];
  /** Who is signed in at this panel. */
  readonly session: SeenSession | null;
  readonly screen: Screen;
  /** When a key was pressed last; monotonic. */
  readonly lastKey: Millis;
  /** Since the session was asked about last: to use the panel is to use the session. */
  readonly isUsed: boolean;
}

export type PanelQuestion = "status" | "session" | "login" | "logout" | "certificates";

export type PanelEvent =
  | {
      readonly kind: "key";
      readonly key: PanelKey;
      readonly at: Millis;
      /** Where the end of the text on the screen begins, in its terminal. */
      readonly lastTop: number;
    }
  | { readonly kind: "tick"; readonly at: Millis }
  | {
      readonly kind: "answered";
      readonly to: PanelQuestion;
      readonly answer: LocalAnswer | "not running" | "timed out";
    };

export interface PanelStep {
  readonly state: PanelState;
  /** What to ask the device, in order. */
  readonly asks: readonly (LocalRequest & { readonly verb: PanelQuestion })[];
}

export const firstState: PanelState = {
  device: "",
  status: undefined,
  warnings: [],
  session: null,
  screen: { kind: "menu", chosen: 0 },
  lastKey: 0,
  isUsed: false,
};

export type MenuItem = "sign in" | "rights" | "diagnostics" | "certificates" | "sign out";

/** Reading is free (DV11): all of it is there also while nobody is signed in. */
export function menuOf({ session }: PanelState): readonly MenuItem[] {
  return session === null
    ? ["sign in", "diagnostics", "certificates"]
    : ["rights", "diagnostics", "certificates", "sign out"];
}
