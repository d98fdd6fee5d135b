import type { PairEvent } from "@gridward/core/domain/pair/event";
import type { PairState } from "@gridward/core/domain/pair/pair-state";
import type { Ledger } from "../ledger.ts";
import { Conductor, type ConductorParts } from "./conductor.ts";

/** Tells of each event before it is taken: a state does not remember what led to it (HS19). */
export class TellingConductor extends Conductor {
  readonly #tell: (event: PairEvent["kind"]) => void;

  constructor(
    parts: ConductorParts & { readonly onEvent: (event: PairEvent["kind"]) => void },
    pair: PairState,
    ledger: Ledger | undefined,
  ) {
    super(parts, pair, ledger);
    this.#tell = parts.onEvent;
  }

  override feed(event: PairEvent): void {
    this.#tell(event.kind);
    super.feed(event);
  }
}
