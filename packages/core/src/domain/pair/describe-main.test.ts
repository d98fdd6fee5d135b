import assert from "node:assert/strict";
import { test } from "node:test";
import type { Millis } from "../../base/time.ts";
import { leftFor } from "./ack-set.ts";
import { describe } from "./describe.ts";
import {
  aProtectedMain,
  at,
  noon,
  type Played,
  serverB,
  started,
  withMachine,
  withPeer,
} from "./fixtures.ts";
import type { Goal, Peer } from "./pair-state.ts";
import { withControl } from "./phase-fixtures.ts";

function read({ state }: Played, time: Millis = 0) {
  const { state: name, cause, remedy } = describe(state, time, null);
  return { name, text: cause?.text ?? "", remedy: remedy ?? "" };
}

/** Main A alone, since B was let go for this reason. */
function exposed(peer: Partial<Peer>, reason = "B had not answered for 4 s"): Played {
  const { state } = started();
  const alone = { ...state, unprotected: { since: noon, reason } };
  return withPeer({ state: alone, actions: [] }, serverB, { duty: "standby", ...peer });
}

test("[PD10][HS7] an unprotected Main tells why, how the Standby stands now, and what that asks for", () => {
  const follows = { acked: at(5) };
  const rows = [
    [{ linkUp: false }, /B does not answer\.$/, /^Start B, or mend the network/],
    [{ heardAt: null }, /B does not answer\.$/, /^Start B/],
    [{ incompatible: "other-version" }, /B speaks another version/, /same release/],
    [{ snapshotting: true }, /B gets the whole database now/, /^Nothing/],
    [{ acked: null }, /B answers, and does not follow/, /server status` on B/],
    [{ acked: at(4) }, /B follows again and is 1 change behind/, /^Nothing/],
    [{ acked: at(3) }, /B follows again and is 2 changes behind/, /^Nothing/],
    [{ ...follows, admitAfter: 9_500 }, /B follows again and is counted on in 10 s/, /^Nothing/],
    [
      { ...follows, admitAfter: 9_500, dropped: 3 },
      /in 10 s, because it was let go 3 times\./,
      /^N/,
    ],
    [follows, /B follows again and is being admitted/, /^Nothing/],
  ] as const;
  for (const [peer, text, remedy] of rows) {
    const why = read(exposed(peer));
    assert.equal(why.name, "main-exposed");
    assert.match(why.text, /^Changes have one copy: B had not answered for 4 s\. /);
    assert.match(why.text, text);
    assert.match(why.remedy, remedy);
  }
});

test("[PD10][HS18] a Standby in maintenance is named, and how it is put back", () => {
  const reason = leftFor(serverB, "maintenance");
  const out = read(exposed({ acked: null }, reason));
  assert.match(out.text, /^Changes have one copy: B signed off: maintenance\./);
  assert.match(out.remedy, /^When the work is done, run `gridward pair maintenance off/);
  const off = read(exposed({ linkUp: false }, reason));
  assert.match(off.remedy, /^Start B, .* maintenance off/);
});

test("[PD10][HS7] a waiting Main says what it does next, which is a matter of the mode", () => {
  const rows = [
    ["manual", 0, /^Nothing yet: after 4 s .* goes on alone/],
    ["witness", 0, /^Nothing yet: after 4 s .* asks the witness/],
    ["witness", null, /^Nothing yet: after 4 s .* asks the witness/],
    ["pair", 0, /^Nothing yet: after 4 s .* changes stop, because B may take over/],
    [
      "manual",
      null,
      /^Look at B: if it runs, mend .*where it is Main.*If B is off for good, .*promote --force/,
    ],
    [
      "pair",
      null,
      /^Look at B: if it runs, mend .*where it is Main.*If B is off for good, .*promote --force/,
    ],
  ] as const;
  for (const [mode, heardAt, remedy] of rows) {
    const waiting = withPeer(aProtectedMain(), serverB, { linkUp: false, heardAt });
    const why = read(withControl(waiting, { mode }));
    assert.equal(why.name, "main-waiting");
    assert.match(why.text, /^B /);
    assert.match(why.remedy, remedy, mode);
  }
});

test("[PD10][HS7] a Main without Standby and witness says what is wrong with each", () => {
  const { state } = withControl(aProtectedMain(), { mode: "witness" });
  const goal: Goal = { kind: "narrow", member: serverB, reason: "B had not answered for 4 s" };
  for (const [why, words] of [
    ["silent", "the witness does not answer"],
    ["blank", "the witness remembers nothing"],
  ] as const) {
    const arbitration = { ...state.arbitration, goal, trouble: { why, since: 0 } };
    const said = read({ state: { ...state, arbitration }, actions: [] });
    assert.equal(said.name, "main-read-only");
    assert.ok(said.text.startsWith(`B had not answered for 4 s, and ${words}`), said.text);
    assert.match(said.remedy, /^Look at B: if it runs, mend the network between/);
  }
});

test("[PD10][HS7] nobody is told to force a Main that may stand beside another, but where that is off", () => {
  const code = "pair.partner-silent";
  const stopped = { duty: "main", phase: "read-only", code, text: "why" } as const;
  const { remedy } = read(withMachine(aProtectedMain(), stopped));
  assert.match(
    remedy,
    /^Look at B: if it runs, mend .*where it is Main, .*If B is off for good, .*--force/,
  );
});
