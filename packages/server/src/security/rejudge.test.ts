import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId } from "@gridward/core/base/identity";
import type { LinkOutcome, VerifiedPeer } from "@gridward/runtime/link/peer";
import { rejudge } from "./rejudge.ts";

const partner = nodeId("B");

const peer: VerifiedPeer = {
  protocol: "gridward-partner/1",
  name: { kind: "server", node: partner },
  direction: "dial",
  fingerprint: "f",
  certificateNotAfter: 1,
  address: "",
  send: async () => undefined,
  onFrame: () => undefined,
  judgeAgain: () => null,
  close: () => undefined,
  closed: new Promise(() => undefined),
};

const refused: LinkOutcome = {
  outcome: "refused",
  cause: "T01",
  by: "them",
  direction: "dial",
  ours: "",
  theirs: "",
  fromPartner: true,
  address: "",
};

/** What was done to the wire, in order. */
async function stepsOf(isCalledBack: boolean, dialled: LinkOutcome): Promise<readonly string[]> {
  const steps: string[] = [];
  await rejudge(
    {
      wire: {
        forgetVerdicts: () => void steps.push("forget"),
        tryDial: async () => {
          steps.push("dial");
          return dialled;
        },
        drop: (_, direction, reason) => {
          assert.match(reason, /security settings/);
          steps.push(`drop ${direction}`);
        },
      },
      dialCheck: {
        isCalledBack: async () => {
          steps.push("ask");
          return isCalledBack;
        },
      },
    },
    partner,
  );
  return steps;
}

test("[SCH9][CS8] both directions are made anew, and only one that does not pass is closed", async () => {
  const verified: LinkOutcome = { outcome: "verified", peer };
  const made = ["forget", "ask", "dial"];
  assert.deepEqual(await stepsOf(true, verified), made);
  assert.deepEqual(await stepsOf(true, refused), [...made, "drop dial"]);
  assert.deepEqual(await stepsOf(false, verified), [...made, "drop accept"]);
  assert.deepEqual(await stepsOf(false, refused), [...made, "drop dial", "drop accept"]);
});
