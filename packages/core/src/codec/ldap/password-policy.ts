import type { Bytes } from "../../base/bytes.ts";
import { berTags, decodeBer, encodeBer, encodeBerInteger, integerOf } from "../ber.ts";
import type { LdapControl } from "./message.ts";

/** draft-behera-ldap-password-policy: on a bind, and on a change of the password. */
export const passwordPolicyOid = "1.3.6.1.4.1.42.2.27.8.5.1";

/** §6.2. That an account is locked is told to nobody who only tries. */
const errors = {
  passwordExpired: 0,
  accountLocked: 1,
  changeAfterReset: 2,
  passwordModNotAllowed: 3,
  mustSupplyOldPassword: 4,
  insufficientPasswordQuality: 5,
  passwordTooShort: 6,
  passwordTooYoung: 7,
  passwordInHistory: 8,
} as const;

export type PasswordPolicyError = keyof typeof errors;

/** Of the two warnings one at most, and one error at most. */
export interface PasswordPolicyAnswer {
  readonly secondsLeft?: number;
  readonly graceLeft?: number;
  readonly error?: PasswordPolicyError;
}

const warningTag = 0xa0;
const timeTag = 0x80;
const graceTag = 0x81;
const errorTag = 0x81;

export function passwordPolicyControl(answer: PasswordPolicyAnswer): LdapControl {
  const { secondsLeft, graceLeft, error } = answer;
  const parts: Bytes[] = [];
  if (graceLeft !== undefined) {
    parts.push(encodeBer(warningTag, encodeBerInteger(graceTag, graceLeft)));
  } else if (secondsLeft !== undefined) {
    parts.push(encodeBer(warningTag, encodeBerInteger(timeTag, secondsLeft)));
  }
  if (error !== undefined) parts.push(encodeBerInteger(errorTag, errors[error]));
  const value = encodeBer(berTags.sequence, ...parts);
  return { oid: passwordPolicyOid, isCritical: false, value };
}

/** What a client reads; undefined: not of this form. Never throws. */
export function readPasswordPolicy({ value }: LdapControl): PasswordPolicyAnswer | undefined {
  const decoded = value === null ? undefined : decodeBer(value);
  if (decoded?.ok !== true || decoded.value.tag !== berTags.sequence) return undefined;
  const { children } = decoded.value;
  const warning = children.find(({ tag }) => tag === warningTag)?.children[0];
  const secondsLeft = integerOf(warning, timeTag);
  const graceLeft = integerOf(warning, graceTag);
  const code = integerOf(
    children.find(({ tag }) => tag === errorTag),
    errorTag,
  );
  const error = errorNames.find((name) => errors[name] === code);
  return {
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
    ...(graceLeft === undefined ? {} : { graceLeft }),
    ...(error === undefined ? {} : { error }),
  };
}

const errorNames: readonly PasswordPolicyError[] = [
  "passwordExpired",
  "accountLocked",
  "changeAfterReset",
  "passwordModNotAllowed",
  "mustSupplyOldPassword",
  "insufficientPasswordQuality",
  "passwordTooShort",
  "passwordTooYoung",
  "passwordInHistory",
];
