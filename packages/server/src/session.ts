import * as z from "zod";
import { decodeUtf8, utf8, type Bytes } from "@gridward/core/base/bytes";
import { assert, err, ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { hour, minute, type Instant } from "@gridward/core/base/time";
import type { Refusal } from "@gridward/core/domain/refusal";
import { rolesInForce } from "@gridward/core/domain/roles";
import { credentialVersion, isStillSignedIn } from "@gridward/core/domain/still-signed-in";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { AccountRow, RoleAssignment } from "@gridward/core/domain/types";
import { hmacSha256, hmacSha256With, sameSecret } from "@gridward/runtime/os/hash";
import type { KnownClient } from "./clients/client-gate.ts";
import { freshId } from "@gridward/runtime/os/random";
import type { SystemKey } from "@gridward/runtime/os/seal";

/** How long a session lasts, whatever is done with it: a shift. */
export const sessionLifetime = 8 * hour;
/** A session that may only change its password. */
export const mustChangeLifetime = 15 * minute;

/** Who is signed in. Roles come from the state at each check, never from the token. */
export interface Session {
  readonly id: string;
  readonly account: AccountRow;
  readonly roles: readonly RoleAssignment[];
  readonly mustChange: boolean;
  readonly expiresAt: Instant;
  /** Fingerprint of the certificate by which it was opened: it lives on its connections alone. */
  readonly certificate: string | null;
}

/** The certificate of a connection, found good, and the account that it leads to. */
type Presented = Pick<KnownClient, "fingerprint" | "account"> | null;

export interface SessionParts {
  /** Null on a blank server. */
  readonly key: () => SystemKey | null;
  readonly state: () => DirectoryState;
  readonly now: () => Instant;
}

/**
 * Sessions without a table: the token states account and credential version under a MAC whose key
 * all servers of a system share. It so outlives a changeover, and dies with a change of password,
 * with the account's lock or end, with its time, and by an entry in `endedSessions`.
 */
export interface Sessions {
  /** With a certificate's fingerprint: good on connections that present it, while it leads there. */
  issue(
    account: AccountRow,
    mustChange: boolean,
    certificate?: string | null,
  ): { token: Secret<string>; session: Session };
  check(token: Secret<string>, presented: Presented): Result<Session, Refusal>;
}

/** Of our own making, so one letter a member keeps the header short. */
const claims = z.strictObject({
  /** Session id. */
  i: z.string().length(26),
  /** Account id. */
  a: z.string().min(1).max(64),
  /** Credential version; 0 while there is only a one-time code. */
  v: z.int(),
  /** Must change the password. */
  m: z.boolean(),
  /** Ends at. */
  e: z.int(),
  /** Fingerprint of the certificate that opened it (RFC 8705 §3). */
  c: z.string().length(64).optional(),
});

const prefix = "gws1";
const tokenLengthMax = 512;

export function createSessions(parts: SessionParts): Sessions {
  const macOf = sessionMac();
  const open = tokenOpener(macOf);
  return {
    issue(account, mustChange, certificate = null) {
      const key = parts.key();
      const now = parts.now();
      assert(key !== null, "a session without a system");
      const id = freshId();
      const expiresAt = now + (mustChange ? mustChangeLifetime : sessionLifetime);
      const version = credentialVersion(account);
      const bound = certificate === null ? {} : { c: certificate };
      const body = encode({
        i: id,
        a: account.id,
        v: version,
        m: mustChange,
        e: expiresAt,
        ...bound,
      });
      const token = new Secret(`${prefix}.${body}.${base64url(macOf(key, body))}`);
      const roles = rolesInForce(account, now);
      return { token, session: { id, account, roles, mustChange, expiresAt, certificate } };
    },
    check(token, presented) {
      const key = parts.key();
      const claimed = key === null ? undefined : open(key, token.reveal());
      const isHere = claimed !== undefined && isPresented(claimed, presented);
      const session = isHere ? liveSession(claimed, parts.state(), parts.now()) : undefined;
      if (session === undefined) return err({ code: "credential.session-ended", detail: "" });
      return ok(session);
    },
  };
}

type Claims = z.infer<typeof claims>;

type MacOf = (key: SystemKey, body: string) => Bytes;

const openedMost = 1_000;

/**
 * A token proves the same claims each time it is shown, to every request of its session: those of
 * the last ones are kept. Whether the session lives is judged at every check.
 */
function tokenOpener(macOf: MacOf): (key: SystemKey, token: string) => Claims | undefined {
  const opened = new Map<string, Claims>();
  let by: SystemKey | undefined;
  return (key, token) => {
    if (by !== key || opened.size >= openedMost) opened.clear();
    by = key;
    const known = opened.get(token);
    if (known !== undefined) return known;
    const claimed = openToken((body) => macOf(key, body), token);
    if (claimed !== undefined) opened.set(token, claimed);
    return claimed;
  };
}

function openToken(macOf: (body: string) => Bytes, token: string): Claims | undefined {
  if (token.length > tokenLengthMax) return undefined;
  const [first, body = "", mac = "", ...rest] = token.split(".");
  if (first !== prefix || rest.length > 0) return undefined;
  // As text: Base64 has several texts for the same bytes, and one of them is the token.
  if (!sameSecret(utf8(mac), utf8(base64url(macOf(body))))) return undefined;
  const text = decodeUtf8(Buffer.from(body, "base64url"));
  const parsed = text.ok ? claims.safeParse(JSON.parse(text.value)) : undefined;
  return parsed?.success === true ? parsed.data : undefined;
}

function liveSession(claimed: Claims, state: DirectoryState, now: Instant): Session | undefined {
  const account = state.tables.accounts.get(claimed.a);
  if (account === undefined || claimed.e <= now) return undefined;
  if (!isStillSignedIn(account, claimed.v, now)) return undefined;
  if (state.tables.endedSessions.has(claimed.i)) return undefined;
  const roles = rolesInForce(account, now);
  const { c: certificate = null } = claimed;
  return {
    id: claimed.i,
    account,
    roles,
    mustChange: claimed.m,
    expiresAt: claimed.e,
    certificate,
  };
}

/** A token that was stolen, or whose certificate is refused by now, opens nothing. */
function isPresented({ a, c }: Claims, presented: Presented): boolean {
  return c === undefined || (presented?.fingerprint === c && presented.account === a);
}

function encode(body: Claims): string {
  return base64url(utf8(JSON.stringify(body)));
}

/**
 * Its key is one block of HKDF-Expand from the system key, which is uniform already, so that
 * extraction may be left out (RFC 5869 §2.3, §3.3). Made once for a system key: every request
 * needs it.
 */
function sessionMac(): MacOf {
  let made: { readonly from: SystemKey; readonly mac: (bytes: Bytes) => Bytes } | undefined;
  return (key, body) => {
    if (made?.from !== key) {
      const sessionKey = hmacSha256(key.bytes.reveal(), utf8("gridward session token\u0001"));
      made = { from: key, mac: hmacSha256With(sessionKey) };
    }
    return made.mac(utf8(body));
  };
}

function base64url(bytes: Bytes): string {
  return Buffer.from(bytes).toString("base64url");
}
