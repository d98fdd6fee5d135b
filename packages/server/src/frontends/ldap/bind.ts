import { type Bytes, decodeUtf8 } from "@gridward/core/base/bytes";
import { Secret } from "@gridward/core/base/secret";
import { type Instant, second } from "@gridward/core/base/time";
import type { PasswordPolicyAnswer } from "@gridward/core/codec/ldap/password-policy";
import { type Dn, normaliseDn, parseDn } from "@gridward/core/codec/ldap/dn";
import type { LdapRequest } from "@gridward/core/codec/ldap/request";
import { type LdapResult, resultOf, success } from "@gridward/core/codec/ldap/response";
import { publicRefusal, type Refusal, refusalSpec } from "@gridward/core/domain/refusal";
import type { SignInAnswer } from "@gridward/core/domain/sign-in-answer";
import type { AccountRow } from "@gridward/core/domain/types";
import type { FrontEndParts } from "../../parts.ts";
import type { KnownClient } from "../../clients/client-gate.ts";
import { externalMechanism } from "./root-dse.ts";
import { baseNameOf, systemOf, isSameName } from "./view.ts";

export type LdapBind = Extract<LdapRequest, { kind: "bind" }>;

export interface BindOutcome {
  /** Whom the connection speaks for from now on; null: nobody. */
  readonly account: AccountRow | null;
  readonly result: LdapResult;
  /** Until the password is changed, nothing else is answered on the connection. */
  readonly mustChange?: boolean;
  /** For who asked with the control of password policies. */
  readonly told?: PasswordPolicyAnswer;
}

/** No password of ours can hold this character (RFC 8264 §9.11), so it is always wrong. */
const neverRight = "\0";

/**
 * Judges a bind without asking the pipeline where the request alone decides; "ask" otherwise. An
 * empty password with a name is refused, never a success (RFC 4513 §5.1.2).
 */
export function judgeBind(request: LdapBind): BindOutcome | "ask" {
  if (request.version !== 3) return refused("protocolError", "only version 3 is spoken here");
  if (request.credential.kind === "sasl") return judgeSasl(request.credential);
  const isEmpty = request.credential.password.reveal().length === 0;
  if (request.name === "") return isEmpty ? anonymous : refused("invalidCredentials", rejected);
  if (isEmpty) return refused("unwillingToPerform", "a name needs a password");
  const dn = parseDn(request.name);
  return dn.ok ? "ask" : refused("invalidDnSyntax", dn.error);
}

/** EXTERNAL is the only mechanism: the certificate of the connection (RFC 4422 appendix A). */
function judgeSasl({
  mechanism,
  initial,
}: Extract<LdapBind["credential"], { kind: "sasl" }>): BindOutcome | "ask" {
  if (mechanism.toUpperCase() !== externalMechanism) return refused("authMethodNotSupported");
  const claimed = readAuthorization(initial?.reveal() ?? new Uint8Array(0));
  return claimed === undefined
    ? refused("invalidCredentials", "an identity is dn: or u: with a name")
    : "ask";
}

/** RFC 4513 §5.2.1.8; "" where the identity is the certificate's own; undefined: malformed. */
function readAuthorization(bytes: Bytes): string | undefined {
  const text = decodeUtf8(bytes);
  if (!text.ok || text.value.includes("\0")) return undefined;
  const [, kind, name = ""] = /^(dn|u):(.*)$/su.exec(text.value) ?? [];
  if (text.value === "" || kind === "u") return name;
  return kind === "dn" && parseDn(name).ok ? name : undefined;
}

const anonymous: BindOutcome = { account: null, result: success };
const rejected = refusalSpec("credential.rejected").says;

function refused(code: Parameters<typeof resultOf>[0], message = ""): BindOutcome {
  return { account: null, result: resultOf(code, message) };
}

/** Asks the one pipeline. Unknown, wrong and locked sound the same to a stranger (AM10). */
export async function bind(
  parts: FrontEndParts,
  request: LdapBind,
  { source, client, isClear, mayChange }: BindPlace,
): Promise<BindOutcome> {
  const { credential } = request;
  if (credential.kind === "sasl") {
    if (client === null) return refusedFor("client-certificate.none");
    if (client.account === null) return refusedFor("client-certificate.not-mapped");
    const claimed = readAuthorization(credential.initial?.reveal() ?? new Uint8Array(0)) ?? "";
    const name = loginName(parts, claimed);
    const { fingerprint, names } = client;
    const certificate = { fingerprint, names };
    const attempt = { door: "ldap", name, password: null, source, certificate } as const;
    return outcomeOf(await parts.signIn(attempt), { now: parts.now(), mayChange });
  }
  const name = loginName(parts, request.name);
  const password = new Secret(passwordText(credential.password.reveal()));
  const attempt = { door: "ldap", name, password, source, isClear, mayChange } as const;
  return outcomeOf(await parts.signIn(attempt), { now: parts.now(), mayChange });
}

/** The connection over which a bind came. */
export interface BindPlace {
  readonly source: string;
  readonly client: KnownClient | null;
  /** Without TLS, by a legacy peer. */
  readonly isClear: boolean;
  /** It can be told that the password must be changed, and can change it. */
  readonly mayChange: boolean;
}

function refusedFor(
  code: "client-certificate.none" | "client-certificate.not-mapped",
): BindOutcome {
  const { ldap, says } = refusalSpec(code);
  return { account: null, result: { code: ldap, matchedDn: "", message: says } };
}

export function passwordText(bytes: Bytes): string {
  const text = decodeUtf8(bytes);
  return text.ok ? text.value : neverRight;
}

/** `uid=anna,ou=people,<base>`; any other name is given on as it is and is nobody's. */
export function loginName(parts: Pick<FrontEndParts, "state">, name: string): string {
  const system = systemOf(parts.state());
  const parsed = parseDn(name);
  const dn: Dn = parsed.ok ? parsed.value : [];
  const [part, ...more] = dn[0] ?? [];
  const [first = "", unit, ...rest] = normaliseDn(dn);
  const isPerson =
    system !== undefined && unit === "ou=people" && isSameName(rest, baseNameOf(system).key);
  if (!isPerson || part === undefined || more.length > 0 || !first.startsWith("uid=")) {
    return name;
  }
  return part.value;
}

function reasonOf({ code }: Refusal): string {
  const spec = refusalSpec(code);
  return spec.tell === "anyone" ? spec.says : refusalSpec("server.unavailable").says;
}

function outcomeOf(
  answer: SignInAnswer,
  { now, mayChange }: { readonly now: Instant; readonly mayChange: boolean },
): BindOutcome {
  switch (answer.outcome) {
    case "accepted": {
      const { account, mustChange } = answer;
      // Who cannot be told of it would take a sign-in for nothing else for a whole one.
      if (mustChange && !mayChange) return refused("invalidCredentials", rejected);
      return { account, result: success, mustChange, told: toldOf(answer, now) };
    }
    case "refused": {
      const { code } = publicRefusal(answer.refusal);
      const spec = refusalSpec(code);
      const result = { code: spec.ldap, matchedDn: "", message: spec.says };
      return { account: null, result, told: errorsOf(code) };
    }
    case "unavailable":
      return refused("unavailable", reasonOf(answer.refusal));
  }
}

/** The draft knows one warning at a time: that of how many sign-ins are left is the later one. */
function toldOf(
  { mustChange, graceLeft, warns, expiresAt }: Extract<SignInAnswer, { outcome: "accepted" }>,
  now: Instant,
): PasswordPolicyAnswer {
  if (graceLeft !== null) return { graceLeft };
  if (mustChange) return { error: "changeAfterReset" };
  const secondsLeft = expiresAt === null ? 0 : Math.max(0, Math.floor((expiresAt - now) / second));
  return warns ? { secondsLeft } : {};
}

/** Said only after the right password; that an account is locked is said to nobody. */
function errorsOf(code: Refusal["code"]): PasswordPolicyAnswer {
  if (code === "password.expired") return { error: "passwordExpired" };
  return code === "password.must-change" ? { error: "changeAfterReset" } : {};
}
