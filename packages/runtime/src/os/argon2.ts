import { availableParallelism } from "node:os";
import { hashRaw } from "@node-rs/argon2";
import { utf8, type Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { sameSecret } from "./hash.ts";
import { formatPhc, parsePhc, type ArgonCost } from "./phc.ts";
import { randomBytes } from "./random.ts";

/** Design §2: Argon2id, 19 MiB, two passes, one lane. */
export const argonCost: ArgonCost = { memory: 19_456, passes: 2, lanes: 1 };

const saltLength = 16;
const tagLength = 32;

/** Hashes waiting for a core; with more than this the server is overloaded and says so. */
const waitingMax = 64;

export type Overloaded = "overloaded";

/** One limit for all password hashing of a process. */
export interface PasswordHasher {
  /** A fresh PHC string. */
  hash(password: Secret<string>): Promise<Result<string, Overloaded>>;
  /** False for another password and for a verifier that is not ours to read. */
  verify(verifier: string, password: Secret<string>): Promise<Result<boolean, Overloaded>>;
  /** The bare 32-byte tag, from which device verifiers are made (design §8). */
  raw(
    password: Secret<string>,
    salt: Bytes,
    cost?: ArgonCost,
  ): Promise<Result<Secret<Bytes>, Overloaded>>;
  /** A verifier of nobody's password: an unknown account costs the same work. */
  readonly dummy: string;
}

export interface HasherLimits {
  /** Hashes computed at once; each holds its memory cost. */
  readonly running: number;
  readonly waiting: number;
}

/** The hashing itself runs on the platform's worker threads. */
export function createPasswordHasher(
  limits: HasherLimits = { running: availableParallelism(), waiting: waitingMax },
): PasswordHasher {
  const queue = boundedQueue(limits);
  return {
    hash: (password) => queue(() => freshVerifier(password)),
    verify: (verifier, password) => queue(() => matches(verifier, password)),
    raw: (password, salt, cost = argonCost) => queue(() => argon2Raw(password, salt, cost)),
    // A random tag: the work is that of a real verifier, and no password gives it.
    dummy: formatPhc({
      cost: argonCost,
      salt: randomBytes(saltLength),
      tag: randomBytes(tagLength),
    }),
  };
}

async function freshVerifier(password: Secret<string>): Promise<string> {
  const salt = randomBytes(saltLength);
  const tag = await argon2Raw(password, salt, argonCost);
  return formatPhc({ cost: argonCost, salt, tag: tag.reveal() });
}

async function matches(verifier: string, password: Secret<string>): Promise<boolean> {
  const parsed = parsePhc(verifier);
  if (!parsed.ok) return false;
  const { salt, cost, tag: expected } = parsed.value;
  const tag = await argon2Raw(password, salt, cost, expected.length);
  return sameSecret(tag.reveal(), expected);
}

/** Argon2id of the UTF-8 password; the library's default variant is id, version 1.3. */
async function argon2Raw(
  password: Secret<string>,
  salt: Bytes,
  cost: ArgonCost,
  length = tagLength,
): Promise<Secret<Bytes>> {
  const tag = await hashRaw(utf8(password.reveal()), {
    memoryCost: cost.memory,
    timeCost: cost.passes,
    parallelism: cost.lanes,
    outputLen: length,
    salt: new Uint8Array(salt),
  });
  return new Secret<Bytes>(new Uint8Array(tag));
}

type Queue = <Value>(work: () => Promise<Value>) => Promise<Result<Value, Overloaded>>;

/** Runs at most `running` at once and lets at most `waiting` wait, in order of arrival. */
function boundedQueue(limits: HasherLimits): Queue {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= limits.running) {
      if (waiting.length >= limits.waiting) return err("overloaded");
      // Whoever finishes hands its place over, so `running` stays as it is.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running++;
    }
    try {
      return ok(await work());
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
