import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId } from "@gridward/core/base/identity";
import { freshId } from "../os/random.ts";
import { judgePeer, type Judgement } from "./judge.ts";
import { kindsOf, matrixAnchors, matrixTime, type CertificateKind } from "./test-kinds.ts";
import { demands, matrix, type Demand } from "./test-matrix.ts";

const columns = ["hard", "soft", "off", "nameless", "careless"] as const;
const servers = [nodeId(freshId()), nodeId(freshId())] as const;
const kinds = { dialled: kindsOf(servers[0]), caller: kindsOf(servers[1]) } as const;

/** How one server judges the other: the dialled one is expected by its id, a caller is any server. */
function judged(role: "dialled" | "caller", kind: CertificateKind, demand: Demand): Judgement {
  const { presented, lists, pins } = kinds[role];
  const { certificate, issuers } = presented[kind];
  return judgePeer({
    chain: [certificate, ...issuers].map(({ raw }) => raw),
    anchors: matrixAnchors,
    lists,
    purpose: "partner",
    expected: { kind: "server", node: role === "dialled" ? servers[0] : null },
    at: matrixTime,
    settings: { ...demands[demand], pins },
    handshake: null,
  });
}

function brief(judgement: Judgement): string {
  return judgement.verdict === "ok" ? "ok" : judgement.cause;
}

for (const { kind, expected, says } of matrix) {
  for (const role of ["dialled", "caller"] as const) {
    test(`[TR7][CS9] ${role}, ${kind}: as the table says`, () => {
      for (const demand of columns) {
        const judgement = judged(role, kind, demand);
        assert.equal(brief(judgement), expected[demand], demand);
        if (judgement.verdict === "refused") {
          assert.match(`${judgement.ours} ${judgement.theirs}`, says);
        }
      }
    });
  }
}
