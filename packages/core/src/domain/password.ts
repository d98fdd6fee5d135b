import { utf8 } from "../base/bytes.ts";
import { ok, type Result } from "../base/result.ts";
import { isOnBlockList } from "./block-list.ts";
import type { NewPassword } from "./command.ts";
import { passwordBytesMax } from "./limits.ts";
import { checkNewPassword } from "./policies.ts";
import { refuse, type Refusal } from "./refusal.ts";
import type { PolicyRow } from "./types.ts";

/**
 * RFC 8265 §4.2 (OpaqueString), before hashing at every door: other spaces become U+0020, NFC, and
 * only what the FreeformClass of RFC 8264 §4.3 allows. At most 1024 bytes.
 */
export function preparePassword(text: string): Result<string, Refusal> {
  if (text === "") return refuse("password.empty", "");
  // NFC shortens by less than this, so that nothing huge is normalised.
  if (text.length > 4 * passwordBytesMax) return refuse("password.too-long", "");
  const prepared = text.replace(/\p{Zs}/gu, " ").normalize("NFC");
  if (disallowed.test(prepared) || !fitsContext(prepared)) {
    return refuse("password.bad-character", "");
  }
  if (utf8(prepared).length > passwordBytesMax) return refuse("password.too-long", "");
  return ok(prepared);
}

/**
 * RFC 8264 §8: controls, surrogates, private use, unassigned, ignorable, line separators, and old
 * Hangul jamo. The joiners U+200C and U+200D are among the ignorable: we allow them nowhere.
 */
const disallowed =
  /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u1100-\u11FF\uA960-\uA97C\uD7B0-\uD7FB]/u;

/** RFC 5892 appendix A.3 to A.9, to which RFC 8264 §4.3.2 refers: allowed only beside their kin. */
function fitsContext(text: string): boolean {
  return !(
    /(?<!l)\u00B7|\u00B7(?!l)/u.test(text) ||
    /\u0375(?!\p{Script=Greek})/u.test(text) ||
    /(?<!\p{Script=Hebrew})[\u05F3\u05F4]/u.test(text) ||
    (text.includes("\u30FB") &&
      !/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u.test(text)) ||
    (/[\u0660-\u0669]/u.test(text) && /[\u06F0-\u06F9]/u.test(text))
  );
}

/** Length in code points, and how many of lower case, upper case, digit and other occur. */
export function measurePassword(prepared: string): Pick<NewPassword, "length" | "classes"> {
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{Ll}\p{Lu}\p{Nd}]/u];
  const classes = kinds.filter((kind) => kind.test(prepared)).length;
  return { length: Array.from(prepared).length, classes };
}

/** All that can be judged with the password at hand; history is compared by the caller. */
export function checkPassword(
  policy: PolicyRow,
  name: string,
  prepared: string,
): Refusal | undefined {
  const measured = { ...measurePassword(prepared), repeats: false };
  const refusal = checkNewPassword(policy, measured);
  if (refusal !== undefined) return refusal;
  if (policy.kind === "panel-pin" && !/^[0-9]+$/.test(prepared)) {
    return { code: "password.not-digits", detail: "" };
  }
  if (name.length >= nameLengthJudged && prepared.toLowerCase().includes(name)) {
    return { code: "password.contains-name", detail: "" };
  }
  return isOnBlockList(prepared, policy.words)
    ? { code: "password.common", detail: "" }
    : undefined;
}

/** A name of one or two letters is in every password. */
const nameLengthJudged = 3;
