import * as z from "zod";
import {
  commandQuery,
  changeAnswer,
  nameText,
  noBody,
  noParams,
  noQuery,
  passwordText,
} from "./route.ts";
import type { Route } from "./route.ts";

const heldRole = z.object({
  role: z.int(),
  name: z.string(),
  area: z.string(),
  not_before: z.string().nullable(),
  not_after: z.string().nullable(),
});

const subject = {
  account: z.object({ id: z.string(), name: z.string(), display_name: z.string() }),
  roles: z.array(heldRole).readonly(),
  /** Only a change of password, this view and the end of the session are allowed. */
  must_change: z.boolean(),
  /** Fingerprint of the certificate by which it was opened: it is good on its connections alone. */
  certificate: z.string().nullable(),
  expires_at: z.string(),
};

const session = z.object({
  /** Goes into `Authorization: Bearer …`; valid on every server of the system. */
  token: z.string(),
  ...subject,
  /** False when the server has not heard its Main within 4 s. */
  fresh: z.boolean(),
  password_expires_at: z.string().nullable(),
  /** The policy has the person told: the end is near, or has come. */
  password_warning: z.boolean(),
  /** After the end: how many sign-ins are left; null before it. */
  grace_left: z.int().nullable(),
});

export const sessionRoutes = {
  signIn: {
    method: "POST",
    path: "/v1/session",
    summary: "Sign in with a password, a one-time code or the certificate of the connection",
    access: "anyone",
    params: noParams,
    query: noQuery,
    body: z.union([
      z.strictObject({ name: nameText, password: passwordText }),
      z.strictObject({ name: nameText, code: passwordText }),
      /** As the account to which the connection's certificate leads; a name must be its. */
      z.strictObject({ certificate: z.literal(true), name: nameText.optional() }),
    ]),
    answer: session,
  },
  whoAmI: {
    method: "GET",
    path: "/v1/session",
    summary: "Show who is signed in, with the roles in force now",
    access: "session",
    params: noParams,
    query: noQuery,
    body: noBody,
    answer: z.object(subject),
  },
  signOut: {
    method: "DELETE",
    path: "/v1/session",
    summary: "End this session on every server",
    access: "session",
    params: noParams,
    query: commandQuery,
    body: noBody,
    answer: changeAnswer,
  },
  changePassword: {
    method: "POST",
    path: "/v1/session/password",
    summary: "Change one's own password; answers with a new session, the old ones end",
    access: "session",
    params: noParams,
    query: commandQuery,
    /** `current` may be left out only by a session that must change its password. */
    body: z.strictObject({ current: passwordText.optional(), password: passwordText }),
    answer: z.object({ ...changeAnswer.shape, session: session.nullable() }),
  },
} as const satisfies Record<string, Route>;
