import { sessionRoutes } from "@gridward/core/api/session-routes";
import { assert, err, ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { rfc3339, type Instant } from "@gridward/core/base/time";
import type { Command } from "@gridward/core/domain/command";
import { passwordEnd } from "@gridward/core/domain/policies";
import { type Refusal, refuse } from "@gridward/core/domain/refusal";
import type { AccountRow } from "@gridward/core/domain/types";
import type { KnownClient } from "../clients/client-gate.ts";
import type { Session } from "../session.ts";
import { checkAccess } from "./access.ts";
import { changeOwnPassword } from "./change-own-password.ts";
import type { Caller } from "./caller.ts";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { giveOrder } from "./order.ts";
import { showRole, timeOrNull } from "./show-account.ts";

/** Sign-in, sign-out and one's own password; see `sessionRoutes` for what each does. */
export function sessionEndpoints(
  parts: DeskParts,
): Readonly<Record<keyof typeof sessionRoutes, Endpoint>> {
  return {
    signIn: endpoint(sessionRoutes.signIn, async ({ body }, caller) => signIn(parts, body, caller)),
    whoAmI: endpoint(sessionRoutes.whoAmI, (_, caller) =>
      ok(showSubject(parts, sessionOf(caller))),
    ),
    signOut: endpoint(sessionRoutes.signOut, async ({ query }, caller) => {
      const { id, expiresAt } = sessionOf(caller);
      const command: Command = { kind: "end-session", id, expiresAt };
      return giveOrder(parts.front, { command, caller, dryRun: query.dry_run });
    }),
    changePassword: changePassword(parts),
  };
}

async function signIn(
  parts: DeskParts,
  body: (typeof sessionRoutes.signIn.body)["_output"],
  { actor: { source }, client, begunUnder }: Caller,
) {
  const isCertified = "certificate" in body;
  const vouched = isCertified ? certificateOf(parts, client) : ok(null);
  if (!vouched.ok) return vouched;
  const certificate = vouched.value;
  const attempt = isCertified
    ? { name: body.name ?? "", password: null, ...(certificate && { certificate }) }
    : { name: body.name, password: new Secret("code" in body ? body.code : body.password) };
  const answer = await parts.front.signIn({ door: "https", source, ...attempt });
  if (answer.outcome !== "accepted") return err(answer.refusal);
  const { account, mustChange, fresh, expiresAt: passwordEndsAt, warns, graceLeft } = answer;
  const by = certificate?.fingerprint ?? null;
  const told = { passwordEndsAt, warns, graceLeft };
  const opening = { mustChange, fresh, ...told, certificate: by, begunUnder };
  return ok(openSession(parts, account, opening));
}

/** CS13: what the connection presented, where certificates lead to accounts. */
function certificateOf(
  { security }: DeskParts,
  client: KnownClient | null,
): Result<KnownClient, Refusal> {
  if (!security.now().map_clients) return refuse("client-certificate.not-mapped", "");
  return client === null ? refuse("client-certificate.none", "") : ok(client);
}

function changePassword(parts: DeskParts): Endpoint {
  return endpoint(sessionRoutes.changePassword, async ({ query, body }, caller) => {
    const session = sessionOf(caller);
    const { id } = session.account;
    // Minutes ago it was proved, by a code that may be spent.
    const isProved = session.mustChange;
    if (!isProved && body.current === undefined) return refuse("request.malformed", "body.current");
    const done = await changeOwnPassword(parts, {
      account: session.account,
      current: isProved || body.current === undefined ? null : new Secret(body.current),
      chosen: new Secret(body.password),
      actor: caller.actor,
      requestId: caller.requestId,
      dryRun: query.dry_run,
    });
    if (!done.ok) return done;
    const account = parts.front.state().tables.accounts.get(id);
    if (done.value.dry_run || account === undefined) return ok({ ...done.value, session: null });
    const policyRow = parts.front.state().tables.policies.get(account.policy);
    const passwordEndsAt = passwordEnd(account, policyRow);
    const opened = openSession(parts, account, {
      mustChange: false,
      fresh: true,
      passwordEndsAt,
      warns: false,
      graceLeft: null,
      certificate: session.certificate,
    });
    return ok({ ...done.value, session: opened });
  });
}

/** Access was checked before: these routes are reached with a session only. */
function sessionOf({ session }: Caller): Session {
  assert(session !== null, "a session route without a session");
  return session;
}

interface Opening {
  readonly mustChange: boolean;
  readonly fresh: boolean;
  readonly passwordEndsAt: Instant | null;
  readonly warns: boolean;
  readonly graceLeft: number | null;
  readonly certificate: string | null;
  /** Of the connection of a sign-in; absent: nobody signed in. */
  readonly begunUnder?: number | null;
}

function openSession(parts: DeskParts, account: AccountRow, opening: Opening) {
  const { sessions, security } = parts;
  const { begunUnder = null } = opening;
  const { token, session } = sessions.issue(account, opening.mustChange, opening.certificate);
  // CS17: who signed in under a change on trial may say that it stays, if it is theirs to undo.
  if (checkAccess(session, "configure security").ok) {
    security.trial.noteSignIn({ session: session.id, begunUnder });
  }
  return {
    token: token.reveal(),
    ...showSubject(parts, session),
    fresh: opening.fresh,
    password_expires_at: timeOrNull(opening.passwordEndsAt),
    password_warning: opening.warns,
    grace_left: opening.graceLeft,
  };
}

function showSubject({ front }: DeskParts, session: Session) {
  const { account, roles, mustChange, expiresAt, certificate } = session;
  return {
    account: { id: account.id, name: account.name, display_name: account.displayName },
    roles: roles.map((role) => showRole(front.state(), role)),
    must_change: mustChange,
    certificate,
    expires_at: rfc3339(expiresAt),
  };
}
