/**
 * Every way we say no, once. HTTP status, LDAP result code, exit code, who may learn the reason and
 * what to do now stand in one row; status codes, reference page and tests are read off this table.
 */
export interface RefusalSpec {
  readonly http: number;
  readonly ldap: number;
  /** Exit code of the CLI (design: 3 sign-in, 4 not allowed, 5 not found, 6 already so, 7 by rule …). */
  readonly exit: number;
  /** Who may learn this code: anyone, or only a signed-in operator (others hear a plain refusal). */
  readonly tell: "anyone" | "operator";
  /** One sentence: what happened. */
  readonly says: string;
  /** One sentence: what to do now. */
  readonly remedy: string;
}

export const refusals = {
  "request.malformed": {
    http: 400,
    ldap: 2,
    exit: 2,
    tell: "anyone",
    says: "The request is not well formed.",
    remedy: "Correct the field that is named and send it again.",
  },
} as const satisfies Record<string, RefusalSpec>;

export type RefusalCode = keyof typeof refusals;

/** `detail` names the thing refused; it goes to the audit trail and to whoever `tell` allows. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly detail: string;
}

export function refuse(code: RefusalCode, detail: string): { readonly ok: false; readonly error: Refusal } {
  return { ok: false, error: { code, detail } };
}
