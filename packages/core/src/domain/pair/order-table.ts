import type { OrderEvent } from "./event.ts";
import type { Phase } from "./states.ts";

/** What an operator orders of a running server; a promotion by force is an order of its own. */
export type Order = OrderEvent["kind"] | "order-promote-by-force";

/** What becomes of an order in one phase. null: refused there. */
export type Taken = {
  readonly when: string;
  /** Where it leads by itself, or as soon as the partner or the witness has answered. */
  readonly to: readonly Phase[];
} | null;

export interface OrderRow {
  readonly command: string;
  readonly taken: Readonly<Record<Phase, Taken>>;
}

const silentMain = "the Main is silent";
const complete = `complete, and ${silentMain}`;
const byItself = { when: complete, to: ["serving", "candidate"] } as const;
const byForce = { when: silentMain, to: ["serving"] } as const;
/** Without a database that can be trusted nobody becomes Main, not even by force (I5). */
const untrusted = { blank: null, invalid: null, diverged: null } as const;

/** Who may order what: everything else is refused with its reason. */
export const orders: Readonly<Record<Order, OrderRow>> = {
  "order-promote": {
    command: "gridward pair promote",
    taken: {
      ...untrusted,
      "two-mains": null,
      serving: null,
      draining: null,
      "read-only": null,
      connecting: byItself,
      synchronising: { when: `the database before this copy is ${complete}`, to: byItself.to },
      following: byItself,
      candidate: { when: complete, to: ["serving"] },
      maintenance: null,
      fenced: null,
    },
  },
  "order-promote-by-force": {
    command: "gridward pair promote --force",
    taken: {
      ...untrusted,
      "two-mains": { when: "a person chose this server", to: ["serving"] },
      serving: { when: "it waits for a partner that is off; it goes on alone", to: [] },
      draining: { when: "the target is off; it goes on alone", to: ["serving"] },
      "read-only": { when: "no other server can be Main; it goes on alone", to: ["serving"] },
      connecting: byForce,
      synchronising: { when: `${silentMain}; with the database before this copy`, to: ["serving"] },
      following: byForce,
      candidate: byForce,
      maintenance: byForce,
      fenced: byForce,
    },
  },
  "order-changeover": {
    command: "gridward pair changeover",
    taken: {
      ...untrusted,
      "two-mains": null,
      serving: { when: "the Standby is valid, and both directions are accepted", to: ["draining"] },
      draining: null,
      "read-only": { when: "the Standby is valid, and the disk here is full", to: ["draining"] },
      connecting: null,
      synchronising: null,
      following: null,
      candidate: null,
      maintenance: null,
      fenced: null,
    },
  },
  "order-mode": {
    command: "gridward pair mode",
    taken: {
      ...untrusted,
      "two-mains": null,
      serving: { when: "no other switch is under way; `witness` needs a witness", to: [] },
      draining: null,
      "read-only": null,
      connecting: null,
      synchronising: null,
      following: null,
      candidate: null,
      maintenance: null,
      fenced: null,
    },
  },
  "order-maintenance": {
    command: "gridward pair maintenance on|off",
    taken: {
      ...untrusted,
      "two-mains": null,
      serving: null,
      draining: null,
      "read-only": null,
      connecting: { when: "ordered `on`", to: ["maintenance"] },
      synchronising: { when: "ordered `on`; the copy under way is given up", to: ["maintenance"] },
      following: { when: "ordered `on`", to: ["maintenance"] },
      candidate: {
        when: "ordered `on`; what it asked of the witness is dropped",
        to: ["maintenance"],
      },
      maintenance: { when: "ordered `off`", to: ["connecting"] },
      fenced: null,
    },
  },
};

/** Orders that the machine never sees: they are carried out before it starts. */
export interface OutsideOrder {
  readonly command: string;
  readonly when: string;
  /** The server starts, or goes on, as this. */
  readonly from: Phase | "off";
  readonly to: Phase;
}

export const outsideOrders: readonly OutsideOrder[] = [
  { command: "gridward system create", when: "blank", from: "blank", to: "serving" },
  { command: "gridward server join", when: "blank", from: "off", to: "blank" },
  {
    command: "gridward pair resync",
    when: "stopped; the old database is kept",
    from: "off",
    to: "blank",
  },
  { command: "gridward backup restore", when: "stopped", from: "off", to: "serving" },
];
