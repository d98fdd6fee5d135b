import assert from "node:assert/strict";
import { test } from "node:test";
import type { Posture } from "@gridward/core/codec/posture";
import { systemClock } from "../os/clock.ts";
import { dialLink } from "./dial.ts";
import type { LinkIdentity } from "./identity.ts";
import { strictLink } from "./link-settings.ts";
import { postureOf } from "./posture.ts";
import type { PostureExchange } from "./posture-exchange.ts";
import { a, b, opened, patience, until } from "./test-ends.ts";
import { brief, dialOptions, serverIdentity, testServer, withTemporary } from "./test-link.ts";

/** What one end tells, and what it has heard. */
function teller(identity: LinkIdentity): PostureExchange & { readonly all: (string | Posture)[] } {
  const all: (string | Posture)[] = [];
  const own = { identity, dialsWith: identity, settings: strictLink, met: [] };
  return {
    all,
    own: () => postureOf({ ...own, at: systemClock().now() }),
    heard: (from, posture) => void all.push(from, posture),
  };
}

for (const [what, caller, outcomes] of [
  ["are content", a, ["verified", null]],
  ["do not believe a certificate", withTemporary(a), ["T01 by them", "T01 by us"]],
] as const) {
  test(
    `[PSR1][CS9] partners tell each other their posture where they ${what}`,
    patience,
    async (t) => {
      const [ours, theirs] = [teller(caller), teller(b)];
      const server = await opened(t, testServer(b, a, { postures: theirs }));
      const outcome = await dialLink({ ...dialOptions(caller, b, server.port), postures: ours });
      assert.equal(brief(outcome), outcomes[0]);
      if (outcome.outcome === "verified") outcome.peer.close("end of test");
      else assert.equal(brief(await server.refused()), outcomes[1]);
      await until(() => theirs.all.length === 2 && ours.all.length === 2);
      const [from, posture] = theirs.all;
      assert.equal(from, a.node);
      assert.ok(typeof posture === "object");
      assert.deepEqual(posture.presents, [caller.certificate.raw.toString("base64")]);
      assert.deepEqual(ours.all[0], b.node);
    },
  );
}

test(
  "[PSR2][CS9] who does not prove the pairing key hears no posture, and what it says is not heard",
  patience,
  async (t) => {
    const stranger = { ...serverIdentity(), node: a.node, name: a.name };
    const [ours, theirs] = [teller(stranger), teller(b)];
    const asked: string[] = [];
    const own = (to: typeof a.node): Posture | null => {
      asked.push(to);
      return theirs.own(to);
    };
    const server = await opened(t, testServer(b, a, { postures: { ...theirs, own } }));
    const settings = { ...strictLink, validate: false };
    const options = { ...dialOptions(stranger, b, server.port), postures: ours, settings };
    const outcome = await dialLink(options);
    assert.equal(outcome.outcome, "refused");
    await until(() => server.strangers().size === 1);
    assert.deepEqual([ours.all, theirs.all, asked], [[], [], []]);
  },
);

test("[PSR3] what is no posture, or tells nothing, costs nobody the link", patience, async (t) => {
  const theirs = teller(b);
  const server = await opened(t, testServer(b, a, { postures: theirs }));
  const posture = teller(a).own(b.node);
  assert.ok(posture !== null);
  const odd: PostureExchange = { own: () => ({ ...posture, at: -1 }), heard: () => undefined };
  for (const postures of [odd, { own: () => null, heard: () => undefined }]) {
    const outcome = await dialLink({ ...dialOptions(a, b, server.port), postures });
    assert.equal(brief(outcome), "verified");
    await server.peer();
    if (outcome.outcome === "verified") outcome.peer.close("end of test");
  }
  assert.deepEqual(theirs.all, []);
});
