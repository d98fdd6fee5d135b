import { err, ok, type Result } from "@gridward/core/base/result";
import type { Bytes } from "@gridward/core/base/bytes";

/** Cost of an Argon2id hash: memory in KiB, passes, lanes. */
export interface ArgonCost {
  readonly memory: number;
  readonly passes: number;
  readonly lanes: number;
}

/** A password verifier as the PHC string format writes it. */
export interface Phc {
  readonly cost: ArgonCost;
  readonly salt: Bytes;
  readonly tag: Bytes;
}

/** More than this we do not spend on a verifier from outside: 256 MiB, 16 passes, 16 lanes. */
const memoryMax = 262_144;
const passesMax = 16;
const lanesMax = 16;

const pattern =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/;

/** Reads `$argon2id$v=19$m=…,t=…,p=…$salt$tag`; costs beyond our limits are refused. */
export function parsePhc(text: string): Result<Phc, "not an Argon2id verifier"> {
  const found = pattern.exec(text);
  if (found === null) return err("not an Argon2id verifier");
  const [, memory = "", passes = "", lanes = "", salt = "", tag = ""] = found;
  const cost = { memory: Number(memory), passes: Number(passes), lanes: Number(lanes) };
  if (!isAffordable(cost)) return err("not an Argon2id verifier");
  return ok({ cost, salt: Buffer.from(salt, "base64"), tag: Buffer.from(tag, "base64") });
}

function isAffordable({ memory, passes, lanes }: ArgonCost): boolean {
  const fits = memory <= memoryMax && passes <= passesMax && lanes <= lanesMax;
  // RFC 9106 §3.1: at least one pass, one lane, and eight blocks of memory a lane.
  return fits && passes >= 1 && lanes >= 1 && memory >= 8 * lanes;
}

export function formatPhc(phc: Phc): string {
  const { memory, passes, lanes } = phc.cost;
  const costs = `m=${memory},t=${passes},p=${lanes}`;
  return `$argon2id$v=19$${costs}$${unpadded(phc.salt)}$${unpadded(phc.tag)}`;
}

function unpadded(bytes: Bytes): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}
