import { type Bytes, decodeUtf8 } from "@gridward/core/base/bytes";
import { Secret } from "@gridward/core/base/secret";
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
  { source, client, isClear }: BindPlace,
): Promise<BindOutcome> {
  const { credential } = request;
  if (credential.kind === "sasl") {
    if (client === null) return refusedFor("client-certificate.none");
    if (client.account === null) return refusedFor("client-certificate.not-mapped");
    const claimed = readAuthorization(credential.initial?.reveal() ?? new Uint8Array(0)) ?? "";
    const name = loginName(parts, claimed);
    const { fingerprint, names } = client;
    const certificate = { fingerprint, names };
    return outcomeOf(
      await parts.signIn({ door: "ldap", name, password: null, source, certificate }),
    );
  }
  const name = loginName(parts, request.name);
  const password = new Secret(passwordText(credential.password.reveal()));
  return outcomeOf(await parts.signIn({ door: "ldap", name, password, source, isClear }));
}

/** The connection over which a bind came. */
export interface BindPlace {
  readonly source: string;
  readonly client: KnownClient | null;
  /** Without TLS, by a legacy peer. */
  readonly isClear: boolean;
}

function refusedFor(
  code: "client-certificate.none" | "client-certificate.not-mapped",
): BindOutcome {
  const { ldap, says } = refusalSpec(code);
  return { account: null, result: { code: ldap, matchedDn: "", message: says } };
}

function passwordText(bytes: Bytes): string {
  const text = decodeUtf8(bytes);
  return text.ok ? text.value : neverRight;
}

/** `uid=anna,ou=people,<base>`; any other name is given on as it is and is nobody's. */
function loginName(parts: FrontEndParts, name: string): string {
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

function outcomeOf(answer: SignInAnswer): BindOutcome {
  switch (answer.outcome) {
    case "accepted":
      // LDAP offers no change of password: a sign-in for nothing else is none.
      if (answer.mustChange) return refused("invalidCredentials", rejected);
      return { account: answer.account, result: success };
    case "refused": {
      const spec = refusalSpec(publicRefusal(answer.refusal).code);
      return { account: null, result: { code: spec.ldap, matchedDn: "", message: spec.says } };
    }
    case "unavailable":
      return refused("unavailable", reasonOf(answer.refusal));
  }
}
