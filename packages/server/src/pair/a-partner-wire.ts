import { type Bytes, decodeUtf8 } from "@gridward/core/base/bytes";
import { type NodeId, nodeId } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { PairEvent } from "@gridward/core/domain/pair/event";
import type { PairMessage } from "@gridward/core/domain/pair/message";
import type { LinkOutcome } from "@gridward/runtime/link/peer";
import { runSoon } from "@gridward/runtime/os/clock";
import { AFakePeer } from "./a-fake-peer.ts";
import { PartnerWire, type Way } from "./partner-wire.ts";

/** For tests: a wire to partner B, with nothing at its ends but the test. */

export const partner = nodeId("B");
/** A try to connect that the partner turned away. */
export const refused = {
  outcome: "refused",
  cause: "T03",
  by: "them",
  direction: "dial",
  ours: "presents A",
  theirs: "refuses it",
  fromPartner: true,
  address: "",
} as const satisfies LinkOutcome;

export class FakePeer extends AFakePeer {
  readonly protocol = "gridward-partner/1";
  readonly name = { kind: "server", node: partner } as const;
  readonly sent: Bytes[] = [];
  /** Turns of ours that were told here. */
  readonly turns: string[] = [];

  constructor(direction: "dial" | "accept" = "accept") {
    super(direction);
  }

  async send(frame: Bytes): Promise<void> {
    const text = textOf(frame);
    if (text.includes('"kind":"turn"')) this.turns.push(text);
    else this.sent.push(frame);
  }

  /** The partner sends here from now on. */
  beginTurn(turn: number, run = "1"): void {
    this.receive(JSON.stringify({ kind: "turn", run, turn }));
  }

  say(): void {
    this.receive('{"kind":"leaving"}');
  }

  /** Kinds of the messages that went out here. */
  get kinds(): readonly string[] {
    return this.sent.map((frame) => /"kind":"([a-z-]+)"/.exec(textOf(frame))?.[1] ?? "");
  }
}

export function textOf(frame: Bytes): string {
  const text = decodeUtf8(frame);
  return text.ok ? text.value : "";
}

/** What the wire does where it is, and what a test lets happen there. */
interface World {
  now: number;
  hasBackup: boolean;
  /** Pieces of first passes that arrived. */
  pieces: number;
  /** Whether the next of them is taken. */
  isPiece: boolean;
  /** What a failure costs unless something else counts. */
  backOff: number;
  readonly pauses: number[];
  readonly dials: NodeId[];
  readonly ways: Way[];
  readonly ended: object[];
}

/** A wire of A whose dials and pauses end when the test says so. */
export interface WireStage {
  readonly wire: PartnerWire;
  readonly world: World;
  readonly notes: readonly string[];
  /** The oldest dial that is under way ends so. */
  readonly outcome: (each: LinkOutcome) => Promise<void>;
  /** The oldest pause is over. */
  readonly wake: () => Promise<void>;
  /** Kinds of what the pair's rules were told. */
  readonly kinds: () => readonly string[];
}

/** The one message that these tests send. */
function parseLeaving(json: unknown): Result<PairMessage, string> {
  const isLeaving =
    typeof json === "object" && json !== null && "kind" in json && json.kind === "leaving";
  return isLeaving ? ok({ kind: "leaving", term: 1, reason: "" }) : err("no message");
}

export function aWire(): WireStage {
  const delivered: PairEvent[] = [];
  const world: World = {
    now: 0,
    hasBackup: false,
    pieces: 0,
    isPiece: true,
    backOff: 1,
    pauses: [],
    dials: [],
    ways: [],
    ended: [],
  };
  const notes: string[] = [];
  const dialling: ((outcome: LinkOutcome) => void)[] = [];
  const sleeping: (() => void)[] = [];
  const wire = new PartnerWire({
    run: "A",
    dial: (id, way) => {
      world.dials.push(id);
      world.ways.push(way);
      const { promise, resolve } = Promise.withResolvers<LinkOutcome>();
      dialling.push(resolve);
      return promise;
    },
    hasBackup: () => world.hasBackup,
    deliver: (event) => void delivered.push(event),
    parse: parseLeaving,
    isFirstPass: (text) => text.includes("first-pass"),
    takeFirstPass: () => {
      world.pieces++;
      return world.isPiece;
    },
    takeOther: () => undefined,
    onClosed: (link) => void world.ended.push(link),
    clock: {
      now: () => world.now,
      monotonic: () => world.now,
      sleep: (duration, stop) =>
        new Promise((done) => {
          world.pauses.push(duration);
          sleeping.push(() => done());
          stop?.addEventListener("abort", () => done());
        }),
    },
    backOff: () => world.backOff,
    note: (text) => void notes.push(text),
  });
  const outcome = async (each: LinkOutcome): Promise<void> => {
    dialling.shift()?.(each);
    await settled();
  };
  const wake = async (): Promise<void> => {
    sleeping.shift()?.();
    await settled();
  };
  const kinds = (): readonly string[] => delivered.map(({ kind }) => kind);
  return { wire, world, notes, outcome, wake, kinds };
}

export async function settled(): Promise<void> {
  await new Promise<void>((done) => runSoon(done));
}

/** A message of which only the way matters. */
export const beat: PairMessage = { kind: "handover-cancel", term: 1, round: 1 };
