import type { Instant } from "../base/time.ts";
import type { Refusal } from "./refusal.ts";
import type { AccountRow, RoleAssignment } from "./types.ts";

/**
 * What a sign-in ends in, at every door. "unavailable" is never a judgement on the person: LDAP
 * says 52, HTTPS 503, a device tries the next server or its replica.
 */
export type SignInAnswer =
  | {
      readonly outcome: "accepted";
      readonly account: AccountRow;
      /** Roles in force now (within their dates). */
      readonly roles: readonly RoleAssignment[];
      /** False when this server has not heard its Main within 4 s. */
      readonly fresh: boolean;
      /** Only a change of password is allowed with this sign-in. */
      readonly mustChange: boolean;
      /** When the password expires, if the policy says so. */
      readonly expiresAt: Instant | null;
      /** The policy has this sign-in say so: the end is near, or has come. */
      readonly warns: boolean;
      /** After the end: how many sign-ins are left; null before it. */
      readonly graceLeft: number | null;
      /** Number of the security event (1110, 1115). */
      readonly event: number;
    }
  | {
      readonly outcome: "refused";
      /** For the audit trail; the peer learns only what the refusal's `tell` allows. */
      readonly refusal: Refusal;
      readonly event: number;
    }
  | { readonly outcome: "unavailable"; readonly refusal: Refusal };
