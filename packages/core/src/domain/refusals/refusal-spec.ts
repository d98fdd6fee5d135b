/** One row of the refusal table. */
export interface RefusalSpec {
  readonly http: number;
  readonly ldap: number;
  /** Exit code of the CLI (README of packages/cli): 3 sign-in, 4 not allowed, 5 not found … */
  readonly exit: number;
  /** Who may learn this code: anyone, or only a signed-in operator (others hear a plain refusal). */
  readonly tell: "anyone" | "operator";
  /** One sentence: what happened. */
  readonly says: string;
  /** One sentence: what to do now. */
  readonly remedy: string;
}

/** What rows have in common, by what went wrong. LDAP numbers: RFC 4511 §4.1.9. */
export const signInRefused = { http: 401, ldap: 49, exit: 3 } as const;
export const notAllowed = { http: 403, ldap: 50, exit: 4 } as const;
export const notFound = { http: 404, ldap: 32, exit: 5 } as const;
export const alreadySo = { http: 409, ldap: 68, exit: 6 } as const;
export const againstRule = { http: 422, ldap: 53, exit: 7 } as const;
export const wrongUse = { http: 400, ldap: 2, exit: 2 } as const;
/** The files or the machine are at fault: an operator must look before the program can go on. */
export const faulty = { http: 500, ldap: 80, exit: 1 } as const;
export const unavailable = { http: 503, ldap: 52, exit: 8 } as const;

export const toAnyone = { tell: "anyone" } as const;
export const toOperator = { tell: "operator" } as const;
