import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type Bytes, decodeUtf8 } from "@gridward/core/base/bytes";
import { type NodeId, nodeId } from "@gridward/core/base/identity";
import type { LinkOutcome, VerifiedPeer } from "@gridward/runtime/link/peer";
import { DialCheck } from "./dial-check.ts";
import { parseDialFrame } from "./dial-frame.ts";
import type { Direction } from "./direction.ts";

const [serverA, serverB] = [nodeId("A"), nodeId("B")];

type Refused = Extract<LinkOutcome, { readonly outcome: "refused" }>;

function refusedFor(cause: Refused["cause"]): Refused {
  const facts = { ours: "presents B", theirs: "refuses it", fromPartner: true, address: "" };
  return { outcome: "refused", cause, by: "them", direction: "dial", ...facts };
}

const passed: Direction = { verdict: "ok", fingerprint: "f", notAfter: 1 };
const untried: Direction = { verdict: "not tried" };

function refusedDirection(cause: string): Direction {
  return { verdict: "refused", cause, by: "us", ours: "", theirs: "", since: 0 };
}

/** A connection whose frames arrive at once. */
function connection(deliver: (frame: Bytes) => void): VerifiedPeer {
  return {
    protocol: "gridward-partner/1",
    name: { kind: "server", node: serverA },
    direction: "dial",
    fingerprint: "f",
    certificateNotAfter: 1,
    address: "",
    send: async (frame) => deliver(frame),
    onFrame: () => {},
    judgeAgain: () => null,
    close: () => {},
    closed: new Promise(() => {}),
  };
}

/** One of the two servers: what its next dial ends in, and what it has noted of the other's. */
class End {
  readonly name: NodeId;
  dial: "verified" | Refused = "verified";
  dials = 0;
  readonly trials: string[] = [];
  isLate = false;
  sleeps = 0;
  isOpen = true;
  links: readonly VerifiedPeer[] = [];
  isFollowed = true;
  directions: { dial: Direction; accept: Direction } = { dial: untried, accept: untried };
  noted: Refused[] = [];
  other: End | undefined;
  /** Ends the patience of whoever waits. */
  giveUp: () => void = () => {};
  readonly check: DialCheck;

  constructor(name: NodeId) {
    this.name = name;
    const deliver = (frame: Bytes): void => this.other?.hear(frame);
    this.check = new DialCheck({
      wire: {
        directions: () => this.directions,
        links: () => this.links,
        noteRefused: (_, outcome) => void this.noted.push(outcome),
        tryDial: async () => {
          this.dials++;
          if (this.dial !== "verified") return this.dial;
          return { outcome: "verified", peer: connection(deliver) };
        },
      },
      follows: () => this.isFollowed,
      route: () => ({ isOpen: () => this.isOpen, send: async (frame) => deliver(frame) }),
      dialInTrial: async (_, token) => {
        this.trials.push(token);
        if (this.dial !== "verified") return this.dial;
        return { outcome: "verified", peer: connection(deliver) };
      },
      clock: {
        now: () => 0,
        monotonic: () => 0,
        sleep: (_, stop) => {
          this.sleeps++;
          return new Promise((done) => {
            if (this.isLate) done();
            this.giveUp = () => {
              this.isLate = true;
              done();
            };
            stop?.addEventListener("abort", () => done());
          });
        },
      },
    });
  }

  hear(frame: Bytes): void {
    const text = decodeUtf8(frame);
    const from = this.other?.name;
    assert.ok(text.ok && from !== undefined);
    const reply = (answer: Bytes): void => this.other?.hear(answer);
    assert.equal(this.check.take({ from, json: JSON.parse(text.value), reply }), true);
  }
}

function twoEnds(): { main: End; standby: End } {
  const [main, standby] = [new End(serverA), new End(serverB)];
  main.other = standby;
  standby.other = main;
  return { main, standby };
}

test("[DC1][HS6] both directions are dialled anew, each by its own side, before a changeover", async () => {
  const { main, standby } = twoEnds();
  // What the connections of yesterday said does not count.
  main.directions = { dial: refusedDirection("T17"), accept: untried };
  assert.equal(await main.check.tryBoth(serverB), true);
  assert.deepEqual([main.dials, standby.dials], [1, 1]);
  main.dial = refusedFor("T03");
  assert.equal(await main.check.tryBoth(serverB), false);
});

test("[DC1][HS6] what the partner ran into is shown here, unless it was seen here", async () => {
  const { main, standby } = twoEnds();
  main.directions = { dial: passed, accept: passed };
  for (const cause of ["T03", "T17"] as const) {
    standby.dial = refusedFor(cause);
    assert.equal(await main.check.tryBoth(serverB), false);
    const seen = main.noted.at(-1);
    assert.deepEqual([seen?.cause, seen?.by, seen?.direction], [cause, "us", "accept"]);
    assert.deepEqual([seen?.ours, seen?.theirs], ["refuses it", "presents B"]);
  }
  assert.equal(main.dials, 0, "one refused direction is enough");
  main.directions = { dial: passed, accept: refusedDirection("T17") };
  assert.equal(await main.check.tryBoth(serverB), false);
  assert.equal(main.noted.length, 2);
});

test("[DC2][HS6] a slow server hands over by its link's verdicts, and never past a refused certificate", () => {
  const { main } = twoEnds();
  const isEnough = (dial: Direction, accept: Direction): boolean => {
    main.directions = { dial, accept };
    return main.check.areGoodEnough(serverB);
  };
  for (const excused of [passed, untried, refusedDirection("T17")]) {
    assert.equal(isEnough(passed, excused), true);
    assert.equal(isEnough(excused, passed), true);
  }
  for (const refused of ["T01", "T03", "T16"]) {
    assert.equal(isEnough(passed, refusedDirection(refused)), false);
    assert.equal(isEnough(refusedDirection(refused), passed), false);
  }
  assert.equal(isEnough(untried, refusedDirection("T17")), false, "none has passed");
});

test("[DC5][HS6] two that order at once are answered by one check, the next one by another", async () => {
  const { main, standby } = twoEnds();
  const tried = [main.check.tryBoth(serverB), main.check.tryBoth(serverB)];
  assert.deepEqual(await Promise.all(tried), [true, true]);
  assert.deepEqual([main.dials, standby.dials], [1, 1]);
  main.dial = refusedFor("T03");
  assert.equal(await main.check.tryBoth(serverB), false);
  assert.deepEqual([main.dials, standby.dials], [2, 2]);
});

test("[DC5][HS6] a changeover begins when the connections that the check replaced have ended", async () => {
  const { main } = twoEnds();
  const ends = Promise.withResolvers<string>();
  main.links = [{ ...connection(() => {}), closed: ends.promise }];
  const tried = main.check.tryBoth(serverB);
  await new Promise((done) => setImmediate(done));
  assert.equal(main.dials, 1);
  assert.equal(await Promise.race([tried, Promise.resolve("waiting")]), "waiting");
  ends.resolve("replaced by a newer connection");
  assert.equal(await tried, true);
  // One that does not end costs its time, and no more.
  main.links = [connection(() => {})];
  main.isLate = true;
  assert.equal(await main.check.tryBoth(serverB), true);
});

test("[DC5][HS6] a changeover begins when the other server follows over the new connection", async () => {
  const { main } = twoEnds();
  main.isFollowed = false;
  const tried = main.check.tryBoth(serverB);
  for (let looks = 0; looks < 3; looks++) {
    await new Promise((done) => setImmediate(done));
    assert.equal(await Promise.race([tried, Promise.resolve("waiting")]), "waiting");
    main.giveUp();
    main.isLate = false;
  }
  main.isFollowed = true;
  main.giveUp();
  assert.equal(await tried, true);
  // One that never does costs its time, and is then refused by the rules.
  main.isFollowed = false;
  assert.equal(await main.check.tryBoth(serverB), true);
});

test("[DC3][HS6] a partner that does not say what came of it has not passed", async () => {
  const { main } = twoEnds();
  main.isOpen = false;
  assert.equal(await main.check.tryBoth(serverB), false);
  main.isOpen = true;
  main.hear = () => {}; // Its answer is lost.
  const tried = main.check.tryBoth(serverB);
  main.giveUp();
  assert.equal(await tried, false);
  assert.equal(main.dials, 0);
});

test("[DC3] an answer counts from whom was asked, and dials asked for together are one", async () => {
  const { main, standby } = twoEnds();
  const heard: Bytes[] = [];
  main.hear = (frame) => void heard.push(frame);
  const tried = [main.check.isCalledBack(serverB), main.check.isCalledBack(serverB)];
  await new Promise((done) => setImmediate(done));
  assert.deepEqual([standby.dials, heard.length], [1, 2]);
  const json = { kind: "dial-told", id: 1, refused: null };
  main.check.take({ from: nodeId("C"), json, reply: () => {} });
  await new Promise((done) => setImmediate(done));
  assert.equal(await Promise.race([...tried, Promise.resolve("waiting")]), "waiting");
  for (const id of [1, 2]) {
    main.check.take({ from: serverB, json: { ...json, id }, reply: () => {} });
  }
  assert.deepEqual(await Promise.all(tried), [true, true]);
});

test("[DC3] who waits for an answer when the link ends waits for a second more, not for all of it", async () => {
  const { main } = twoEnds();
  const looks = async (isOpen: boolean): Promise<number> => {
    main.isOpen = true;
    main.isLate = false;
    main.hear = () => {}; // Its answer is lost.
    const asked = main.check.isCalledBack(serverB);
    main.isOpen = isOpen;
    main.sleeps = 0;
    main.giveUp();
    assert.equal(await asked, false);
    return main.sleeps;
  };
  assert.deepEqual([await looks(false), await looks(true)], [3, 43]);
});

test("[DC4][CS11] a dial that was asked for as a trial is told, and nothing is noted of it", async () => {
  const { main, standby } = twoEnds();
  assert.equal(await main.check.askInTrial(serverB, "token1"), null);
  standby.dial = refusedFor("T03");
  const told = await main.check.askInTrial(serverB, "token2");
  assert.deepEqual(told, { cause: "T03", by: "them", ours: "presents B", theirs: "refuses it" });
  assert.deepEqual([standby.trials, standby.dials], [["token1", "token2"], 0]);
  assert.deepEqual([main.noted, standby.noted], [[], []]);
  main.isOpen = false;
  assert.equal(await main.check.askInTrial(serverB, "token3"), "silent");
});

test("[DC3] any bytes are a frame of this conversation or refused", () => {
  const kind = fc.constantFrom("dial-ask", "dial-told", "dial-other", "settings-ask");
  const refused = fc.option(fc.object());
  fc.assert(
    fc.property(fc.anything(), kind, fc.anything(), refused, (any, name, id, why) => {
      parseDialFrame(any);
      const { check } = new End(serverA);
      const json = { kind: name, id, refused: why };
      const taken = check.take({ from: serverB, json, reply: () => {} });
      assert.equal(taken === undefined, !name.startsWith("dial-"));
    }),
  );
  assert.equal(parseDialFrame({ kind: "dial-ask", id: 1, more: 1 }).ok, false);
  const long = { cause: "T03", by: "us", ours: "x".repeat(2_000), theirs: "" };
  assert.equal(parseDialFrame({ kind: "dial-told", id: 1, refused: long }).ok, false);
});
