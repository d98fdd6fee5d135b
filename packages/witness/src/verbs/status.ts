import type { Json } from "@gridward/core/base/canonical";
import { ok } from "@gridward/core/base/result";
import { encodeHex } from "@gridward/core/base/bytes";
import { rfc3339 } from "@gridward/core/base/time";
import type { ArbiterRecord } from "@gridward/core/domain/arbiter";
import { directoryOwner } from "@gridward/runtime/os/directory-lock";
import { sha256 } from "@gridward/runtime/os/hash";
import { pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { openCode } from "../one-time-code.ts";
import { Register, type OpenedRegister } from "../register.ts";
import { Roster } from "../roster.ts";
import { readWitnessDirectory } from "../witness-directory.ts";
import { failed, refused } from "./failure.ts";
import type { Asked, VerbOutcome } from "./verb.ts";

/** witness status DIR: what the register says, running or not. Changes nothing. */
export function status({ directory, clock }: Asked): VerbOutcome {
  const place = readWitnessDirectory(directory);
  if (!place.ok) return refused(place.error);
  const opened = Register.open(directory, () => undefined);
  if (!opened.ok) return failed("witness.unsupported", directory);
  const { config, paths, pairingKey } = place.value;
  const owner = directoryOwner(directory);
  const { register, state } = opened.value;
  const roster = new Roster(paths.servers);
  const code = openCode(paths.code, clock.now());
  const key = Buffer.from(pairingKeyText(pairingKey), "base64url");
  const shown = {
    state: owner === undefined ? "stopped" : "running",
    pid: owner?.pid ?? null,
    id: config.id,
    address: config.address,
    port: config.port,
    fingerprint: encodeHex(sha256(key)),
    register: state,
    record: register.record && recordView(register.record, roster),
    servers: roster.servers.map(({ name }) => name),
    code_until: code === undefined ? null : rfc3339(code.expiresAt),
  };
  return ok({ data: shown, warnings: warningsOf(opened.value) });
}

function recordView(record: ArbiterRecord, roster: Roster): Json {
  const { systemId, version, term, owner, ackSet, floor } = record;
  return {
    system_id: systemId,
    version,
    term,
    owner: roster.nameOf(owner),
    ack_set: ackSet.map((id) => roster.nameOf(id)),
    floor: floor.seq,
  };
}

const howToFill =
  "Run `gridward witness code DIR` here, then `gridward pair witness add` at the Main.";

/** What an operator should know of the register, in sentences. */
export function warningsOf({ state, damagedSlot }: OpenedRegister): readonly string[] {
  if (state === "blank") return [`The register is blank, so this witness abstains. ${howToFill}`];
  if (state === "damaged") {
    return [`Both copies of the register are damaged, so this witness abstains. ${howToFill}`];
  }
  if (damagedSlot === null) return [];
  return [`${damagedSlot} is damaged; the other copy counts, and the next write replaces it.`];
}
