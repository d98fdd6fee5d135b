import { utf8, type Bytes } from "@gridward/core/base/bytes";
import type { Instant } from "@gridward/core/base/time";
import { encodeJoin } from "@gridward/core/codec/join-message";
import {
  decodeClaim,
  decodeSeed,
  witnessFrameBytesMax,
  type WitnessAdmission,
  type WitnessSeed,
  type WitnessSeeded,
} from "@gridward/core/domain/witness-message";
import { isSecretMac, signContact } from "@gridward/runtime/link/contact-proof";
import { unverifiedFrameBytesMax } from "@gridward/runtime/link/peer";
import type { Contact } from "@gridward/runtime/link/serve";
import { markMachine } from "@gridward/runtime/os/machine";
import { randomBytes } from "@gridward/runtime/os/random";
import { pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { openCode, useUpCode } from "./one-time-code.ts";
import type { Register } from "./register.ts";
import type { Roster } from "./roster.ts";
import type { WitnessPlace } from "./witness-directory.ts";

export interface ContactParts {
  readonly place: WitnessPlace;
  readonly register: Register;
  readonly roster: Roster;
  readonly now: () => Instant;
}

/**
 * A first contact: the Main of a system, with the code of this witness, fills the register and says
 * which servers it has. The witness speaks first, as nothing is said to anybody not recognised.
 */
export async function answerContact(parts: ContactParts, contact: Contact): Promise<void> {
  const { place } = parts;
  const { peer } = contact;
  greet(parts, contact);
  const received = await peer.receive(unverifiedFrameBytesMax);
  const claim = received === undefined ? undefined : decodeClaim(received);
  if (claim?.ok !== true) return;
  const { server, mac } = claim.value;
  const code = openCode(place.paths.code, parts.now());
  const use = { purpose: "witness", name: server, exporter: peer.exporter } as const;
  if (code === undefined || !isSecretMac(code.key, use, mac)) {
    return peer.send(encode({ v: 1, answer: "refused" }));
  }
  contact.admit();
  peer.send(encode({ v: 1, answer: "admitted", machine: markMachine() }));
  const sent = await peer.receive(witnessFrameBytesMax);
  const seed = sent === undefined ? undefined : decodeSeed(sent);
  if (seed?.ok !== true || !isMember(seed.value, server)) return;
  peer.send(encode({ v: 1, answer: take(parts, seed.value) }));
}

function greet({ place }: ContactParts, { peer }: Contact): void {
  const { config, pairingKey } = place;
  const nonce = Buffer.from(randomBytes(16)).toString("base64url");
  const proof = { peer, signer: "acceptor", acceptorId: config.id, nonce, diallerId: "" } as const;
  const signature = signContact(proof, pairingKey);
  const greeting = { v: 1, id: config.id, pairingKey: pairingKeyText(pairingKey), nonce } as const;
  peer.send(encodeJoin({ ...greeting, signature }));
}

/** Only the server that proved the code fills the register, and only in its own name. */
function isMember({ entry, servers }: WitnessSeed, server: string): boolean {
  return entry.owner === server && servers.some(({ id }) => id === server);
}

/** The code is used up last: whoever lost the answer asks again with it. */
function take(
  { place, register, roster }: ContactParts,
  { version, entry, servers }: WitnessSeed,
): WitnessSeeded["answer"] {
  const answer = register.seed(entry, version, entry.owner);
  if (answer.kind !== "record") return answer;
  roster.keep(servers);
  useUpCode(place.paths.code);
  return answer;
}

function encode(message: WitnessAdmission | WitnessSeeded): Bytes {
  return utf8(JSON.stringify(message));
}
