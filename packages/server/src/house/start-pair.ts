import type { Entry } from "@gridward/core/domain/entry";
import type { PairEvent, Tail } from "@gridward/core/domain/pair/event";
import type { PairState } from "@gridward/core/domain/pair/pair-state";
import { randomFraction } from "@gridward/runtime/os/random";
import type { PairOrder } from "../event-log.ts";
import {
  dialInTrial,
  type LegacyPartner,
  dialPartner,
  dialWitness,
  hasBackupAddress,
} from "../link-port.ts";
import { readSettings } from "../own-settings.ts";
import { openPair, type Pair } from "../pair/open-pair.ts";
import type { OtherFrame } from "../pair/partner-wire.ts";
import { withNames } from "@gridward/core/domain/server-names";
import { setTailAside, type TailSource } from "../set-aside/tail-folder.ts";
import type { Basis } from "./basis.ts";

/** The conversation with the other servers and with the witness. */
export function startPair(
  basis: Basis,
  told: {
    readonly onCommitted: (entries: readonly Entry[]) => void;
    readonly onEvent: (event: PairEvent["kind"]) => void;
    readonly onSettled: () => void;
    readonly onOrder: (order: PairOrder) => void;
    readonly takeOther: (frame: OtherFrame) => boolean | undefined;
  },
): Pair {
  const { identity, known, security, legacy, clock, stop } = basis;
  const link = {
    identity,
    state: () => pair.conductor.state,
    known: () => known.rows,
    live: security.connections,
    postures: security.postures,
    onLegacy: (peer: LegacyPartner) => legacy.noteLink(peer),
    clock,
    stop,
  };
  const pair: Pair = openPair({
    self: identity.node,
    name: identity.name,
    found: basis.database,
    clock,
    random: randomFraction,
    dial: async (node, way) => dialPartner(link, node, way),
    hasBackup: (node) => hasBackupAddress(link, node),
    dialInTrial: async (node, token, settings) => dialInTrial(link, node, { token, settings }),
    dialWitness: async (row, ended) => dialWitness({ ...link, stop: ended }, row),
    firstPassRate: basis.found.config.pair.first_pass_rate,
    suspectAfter: basis.found.config.pair.suspect_after_ms,
    note: (text) => basis.note(withNames(text, known.rows)),
    settings: {
      read: () => readSettings(basis.directory),
      write: basis.security.write,
    },
    setAside: (source, tail) => setAside(basis, pair.conductor.pair, source, tail),
    ...told,
  });
  return pair;
}

function setAside(
  { directory, identity, clock }: Basis,
  { control }: PairState,
  source: TailSource,
  tail: Tail,
): void {
  const { node, name, pairingKey } = identity;
  const author = { system: control.systemId ?? "", node, name, pairingKey, at: clock.now() };
  setTailAside(directory, source, tail, author);
}
