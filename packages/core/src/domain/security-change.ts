import { nearestWord } from "../base/nearest.ts";
import { ok, type Result } from "../base/result.ts";
import {
  type SecurityChange,
  securityForms,
  securityKey,
  securityNames,
  securitySpecs,
} from "../base/security-settings.ts";
import { type Refusal, refuse } from "./refusal.ts";

/** What is typed as a value, by the value that it means. */
const words: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["on", true],
  ["yes", true],
  ["false", false],
  ["off", false],
  ["no", false],
]);

/** Reads what was typed, KEY and VALUE. All of it is good, or none of it is taken. */
export function readSecurityChange(
  typed: Readonly<Record<string, string>>,
): Result<SecurityChange, Refusal> {
  let change: SecurityChange = {};
  for (const [key, text] of Object.entries(typed)) {
    const name = securityNames.find((each) => securityKey(each) === key);
    if (name === undefined) {
      const nearest = nearestWord(key, securityNames.map(securityKey));
      return refuse("security.unknown-key", `${key.slice(0, 64)} (nearest: ${nearest})`);
    }
    const { choices, others } = securitySpecs[name];
    const wanted = words.get(text) ?? text;
    const value = choices.find((each) => each === wanted) ?? others?.parse(text);
    if (value === undefined) {
      return refuse("security.bad-value", `${key}: ${securityForms(name).join(" or ")}`);
    }
    change = { ...change, [name]: value };
  }
  return ok(change);
}
