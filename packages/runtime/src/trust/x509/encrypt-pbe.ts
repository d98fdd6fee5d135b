import { createCipheriv } from "node:crypto";
import { AlgorithmIdentifier } from "@peculiar/asn1-x509";
import { decodeHex, type Bytes } from "@gridward/core/base/bytes";
import { assert } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { berTags, encodeBer, encodeBerInteger } from "@gridward/core/codec/ber";
import { randomBytes } from "../../os/random.ts";
import { derivePbkdf2 } from "./decrypt-pbe.ts";
import { objectIds } from "./object-ids.ts";

/** What each guess at the passphrase costs; files of other tools have 2,048. */
const rounds = 200_000;

const pbkdf2Id = identifier("2a864886f70d01050c");
const hmacSha256Id = identifier("2a864886f70d0209");
const aes256Id = identifier("60864801650304012a");

/** Closes something under a passphrase: PBES2 with PBKDF2-HMAC-SHA-256 and AES-256 (RFC 8018). */
export async function encryptPbe(
  plain: Bytes,
  passphrase: Secret<string>,
): Promise<{ readonly algorithm: AlgorithmIdentifier; readonly encrypted: Bytes }> {
  const [salt, iv] = [randomBytes(16), randomBytes(16)];
  const key = await derivePbkdf2({ passphrase, salt, rounds, length: 32, digest: "sha256" });
  const cipher = createCipheriv("aes-256-cbc", key, iv);
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
  return { algorithm: algorithmOf(salt, iv), encrypted };
}

/** PBES2-params (A.4), with PBKDF2-params (A.2). */
function algorithmOf(salt: Bytes, iv: Bytes): AlgorithmIdentifier {
  const { sequence, octetString, integer } = berTags;
  const none = encodeBer(berTags.null);
  const derivation = encodeBer(
    sequence,
    encodeBer(octetString, salt),
    encodeBerInteger(integer, rounds),
    encodeBer(sequence, hmacSha256Id, none),
  );
  const parameters = encodeBer(
    sequence,
    encodeBer(sequence, pbkdf2Id, derivation),
    encodeBer(sequence, aes256Id, encodeBer(octetString, iv)),
  );
  return new AlgorithmIdentifier({ algorithm: objectIds.pbes2, parameters: parameters.buffer });
}

function identifier(hex: string): Bytes {
  const bytes = decodeHex(hex);
  assert(bytes.ok, "an object identifier is hexadecimal here");
  return encodeBer(0x06, bytes.value);
}
