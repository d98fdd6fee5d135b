import type { Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { decodePasswordModify } from "@gridward/core/codec/ldap/password-modify";
import type {
  PasswordPolicyAnswer,
  PasswordPolicyError,
} from "@gridward/core/codec/ldap/password-policy";
import { type LdapResult, resultOf, success } from "@gridward/core/codec/ldap/response";
import { normaliseName } from "@gridward/core/domain/names";
import {
  publicRefusal,
  type Refusal,
  type RefusalCode,
  refusalSpec,
} from "@gridward/core/domain/refusal";
import type { AccountRow } from "@gridward/core/domain/types";
import { freshRequestId } from "@gridward/runtime/os/random";
import type { OwnChange } from "../../desk/change-own-password.ts";
import type { FrontEndParts } from "../../parts.ts";
import { loginName, passwordText } from "./bind.ts";

/** The one way to change one's own password; null: done. */
export type ChangePassword = (change: OwnChange) => Promise<Refusal | null>;

export interface ModifyOutcome {
  readonly result: LdapResult;
  readonly told: PasswordPolicyAnswer;
}

interface ModifyOrder {
  readonly value: Bytes | null;
  readonly account: AccountRow;
  readonly source: string;
  readonly isClear: boolean;
}

/** RFC 3062, of one's own password and with the present one: nobody else's is changed over LDAP. */
export async function modifyPassword(
  parts: { readonly frontEnd: FrontEndParts; readonly change: ChangePassword },
  order: ModifyOrder,
): Promise<ModifyOutcome> {
  const asked = readModify(parts.frontEnd, order);
  if (!asked.ok) return asked.error;
  const { account, source } = order;
  const refusal = await parts.change({
    account,
    ...asked.value,
    actor: { kind: "account", id: account.id, name: account.name, door: "ldap", source },
    requestId: freshRequestId(),
  });
  if (refusal === null) return { result: success, told: {} };
  const { code, detail } = publicRefusal(refusal);
  const spec = refusalSpec(code);
  const message = detail === "" ? spec.says : `${spec.says} (${detail})`;
  const error = errorOf(code);
  return {
    result: { code: spec.ldap, matchedDn: "", message },
    told: error === undefined ? {} : { error },
  };
}

function readModify(
  frontEnd: FrontEndParts,
  { value, account, isClear }: ModifyOrder,
): Result<Pick<OwnChange, "current" | "chosen">, ModifyOutcome> {
  if (isClear) return refused("confidentialityRequired", "no password is changed without TLS");
  const asked = decodePasswordModify(value);
  if (!asked.ok) return refused("protocolError", asked.error);
  const { identity, current, chosen } = asked.value;
  if (identity !== null && !isOwn(frontEnd, identity, account)) {
    return refused("insufficientAccessRights", notOwn);
  }
  if (current === null) {
    return refused("insufficientAccessRights", "the present password is needed", {
      error: "mustSupplyOldPassword",
    });
  }
  if (chosen === null) return refused("unwillingToPerform", "a new password is needed");
  return ok({ current: textOf(current), chosen: textOf(chosen) });
}

const notOwn = "only one's own password is changed here; run `gridward account set-password NAME`";

/** By name or DN, with or without the prefix of an authorisation identity. */
function isOwn(frontEnd: FrontEndParts, identity: string, { name }: AccountRow): boolean {
  return normaliseName(loginName(frontEnd, identity.replace(/^(?:dn|u):/u, ""))) === name;
}

function textOf(secret: Secret<Bytes>): Secret<string> {
  return new Secret(passwordText(secret.reveal()));
}

function refused(
  code: Parameters<typeof resultOf>[0],
  message: string,
  told: PasswordPolicyAnswer = {},
): Result<never, ModifyOutcome> {
  return err({ result: resultOf(code, message), told });
}

const errors: Partial<Record<RefusalCode, PasswordPolicyError>> = {
  "password.too-short": "passwordTooShort",
  "password.too-young": "passwordTooYoung",
  "password.repeated": "passwordInHistory",
  "password.expired": "passwordExpired",
};

/** Every other rule for a password is one about its quality. */
function errorOf(code: RefusalCode): PasswordPolicyError | undefined {
  return errors[code] ?? (code.startsWith("password.") ? "insufficientPasswordQuality" : undefined);
}
