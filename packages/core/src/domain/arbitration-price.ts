import type { ArbitrationMode } from "./arbitration-mode.ts";

/** What a mode of arbitration costs, shown where it is chosen (HS7). */
export interface ArbitrationPrice {
  readonly main_lost: string;
  readonly standby_lost: string;
  readonly witness_lost: string;
  readonly link_cut: string;
  readonly risk: string;
}

export const arbitrationPrices: Readonly<Record<ArbitrationMode, ArbitrationPrice>> = {
  manual: {
    main_lost: "An operator promotes the Standby; changes wait until then.",
    standby_lost: "The Main goes on alone.",
    witness_lost: "There is none.",
    link_cut: "The Main goes on alone.",
    risk: "Whoever promotes must know that the Main is off: changes that only it holds are set aside.",
  },
  witness: {
    main_lost: "The Standby takes over by itself; nothing confirmed is lost.",
    standby_lost: "The witness takes it out of the ack set, and the Main goes on.",
    witness_lost: "Nothing changes; the next failure waits for an operator.",
    link_cut: "The Main reaches the witness first and goes on; the Standby leaves the ack set.",
    risk: "If partner and witness are both gone, changes stop; sign-ins go on.",
  },
  pair: {
    main_lost: "The Standby takes over by itself; nothing confirmed is lost.",
    standby_lost: "Changes stop until it returns, or an operator confirms that it is off.",
    witness_lost: "There is none.",
    link_cut: "A cut of more than 6 s moves the duty of Main to the Standby.",
    risk: "Losing either server stops changes; choose it only on a link that does not break.",
  },
};
