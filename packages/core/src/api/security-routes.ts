import * as z from "zod";
import { commandQuery, noBody, noParams, noQuery, type Route } from "./route.ts";

const value = z.union([z.string(), z.boolean()]);

const setting = z.object({
  key: z.string(),
  value,
  /** What it is unless it is set. */
  default: value,
  choices: z.array(value).readonly(),
  /** Weaker than the default: an alarm stands. */
  weakened: z.boolean(),
  means: z.string(),
});

/**
 * A change that waits for an administrator to sign in under it, or under which a link is not valid
 * again: it is taken back by itself where nobody signs in, or the link was refused.
 */
export const unconfirmed = z.object({
  change: z.string(),
  /** Whose link was refused since. */
  broken: z.array(z.string()).readonly(),
  /** Who was not reached since; alone they take nothing back. */
  silent: z.array(z.string()).readonly(),
  /** Why an administrator must sign in under it, over a new connection; empty: nobody need. */
  sign_in: z.array(z.string()).readonly(),
  taken_back_in_s: z.int().nullable(),
  taken_back_at: z.string().nullable(),
  /** Where nobody refused it. */
  kept_in_s: z.int().nullable(),
});

/** Connection Security of the server that is asked, as it stands (CS1, CS2). */
export const securityView = z.object({
  server: z.string(),
  settings: z.array(setting).readonly(),
  unconfirmed: unconfirmed.nullable(),
});

/** Keys and values as they are typed: `validate-partner`, `true`. */
const typedSettings = z.record(z.string().min(1).max(64), z.string().max(256));

export const securityBody = z.strictObject({
  settings: typedSettings,
  /** It stays, whatever link it breaks. */
  confirm: z.boolean(),
});

/** "unknown": the partner has not said yet what it shows and demands. */
const foreseenWord = z.object({
  verdict: z.enum(["ok", "refused", "unknown"]),
  cause: z.string().nullable(),
});

/** What a change would come to for a partner in one direction, or for a class of clients (CS11). */
export const securityEffect = z.object({
  who: z.string(),
  kind: z.enum(["partner", "clients"]),
  /** "dial": this server dials. */
  direction: z.enum(["dial", "accept"]),
  before: foreseenWord,
  after: foreseenWord,
  /** It is not refused now, and would be. */
  breaks: z.boolean(),
  /** Open connections that would be closed: of all partners, or of these clients. */
  closes: z.int(),
  why: z
    .object({
      refused_by: z.string(),
      demands: z.string(),
      presents: z.string(),
      text: z.string(),
      remedy: z.string(),
    })
    .nullable(),
});

/** What a handshake came to that was made to see just that (CS11). */
export const securityTrial = z.object({
  partner: z.string(),
  /** "dial": this server dialled. */
  direction: z.enum(["dial", "accept"]),
  /**
   * "not tried": there is no link over which the partner could be asked to dial; "not reached": at
   * none of its addresses (T17), so nobody refused.
   */
  verdict: z.enum(["ok", "refused", "not reached", "not tried"]),
  cause: z.string().nullable(),
  refused_by: z.string().nullable(),
  /** The two facts, as this server says them and of the other. */
  ours: z.string().nullable(),
  theirs: z.string().nullable(),
  text: z.string().nullable(),
  remedy: z.string().nullable(),
});

export type SecurityTrial = z.infer<typeof securityTrial>;

export const securityCheckBody = z.strictObject({ settings: typedSettings });

export const securityCheckAnswer = z.object({
  server: z.string(),
  rows: z.array(securityTrial).readonly(),
});

export type SecurityEffect = z.infer<typeof securityEffect>;

export const securityAnswer = z.object({
  server: z.string(),
  changes: z.array(z.object({ key: z.string(), before: value, after: value })).readonly(),
  /** As foreseen before anything was changed. */
  effects: z.array(securityEffect).readonly(),
  /** Trial handshakes, made where nothing is changed: with `dry_run`. */
  trials: z.array(securityTrial).readonly(),
  /** CS17: why an administrator must sign in under it before it stays; empty: nobody need. */
  sign_in: z.array(z.string()).readonly(),
  dry_run: z.boolean(),
  unconfirmed: unconfirmed.nullable(),
});

export const confirmationAnswer = z.object({ server: z.string(), confirmed: z.string() });

/** What still waits after it: a link that the change broke. */
const trialAnswer = z.object({ ...confirmationAnswer.shape, unconfirmed: unconfirmed.nullable() });

/** Connection Security of the server that is asked. */
export const securityRoutes = {
  securityShow: {
    method: "GET",
    path: "/v1/security",
    summary: "Show the security settings of this server as they stand",
    access: "person",
    params: noParams,
    query: noQuery,
    body: noBody,
    answer: securityView,
  },
  securitySet: {
    method: "POST",
    path: "/v1/security/settings",
    summary: "Change security settings of this server, at once; what breaks a link is taken back",
    access: "configure security",
    params: noParams,
    query: commandQuery,
    body: securityBody,
    answer: securityAnswer,
  },
  securityCheck: {
    method: "POST",
    path: "/v1/security/checks",
    summary: "Dial every partner and be dialled by it, under the settings of now or proposed ones",
    access: "configure security",
    params: noParams,
    query: noQuery,
    body: securityCheckBody,
    answer: securityCheckAnswer,
  },
  securityConfirm: {
    method: "POST",
    path: "/v1/security/confirmation",
    summary: "Keep the last change of the security settings, though it broke a link",
    access: "configure security",
    params: noParams,
    query: noQuery,
    body: noBody,
    answer: confirmationAnswer,
  },
  securityTrial: {
    method: "POST",
    path: "/v1/security/trial",
    summary:
      "Say that administrators still come in: with a session and over a connection that began under the change",
    access: "configure security",
    params: noParams,
    query: noQuery,
    body: noBody,
    answer: trialAnswer,
  },
} as const satisfies Record<string, Route>;

export type SecurityAnswer = z.infer<typeof securityAnswer>;
export type SecurityView = z.infer<typeof securityView>;
