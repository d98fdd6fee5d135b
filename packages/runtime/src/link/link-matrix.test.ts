import assert from "node:assert/strict";
import { test } from "node:test";
import { kindsOf, matrixAnchors, type CertificateKind, type Kinds } from "../trust/test-kinds.ts";
import { demands, matrix, type Demand } from "../trust/test-matrix.ts";
import { dialLink } from "./dial.ts";
import type { LinkIdentity } from "./identity.ts";
import { strictLink, type LinkSettings } from "./link-settings.ts";
import { a, b, opened, patience } from "./test-ends.ts";
import { brief, dialOptions, testServer, type TestServer } from "./test-link.ts";
import { foreseenBy } from "./test-foreseen.ts";

const columns = ["hard", "soft", "off", "nameless", "careless"] as const;
const kinds = { dialler: kindsOf(a.node), acceptor: kindsOf(b.node) } as const;

/** What one of the two servers presents, and what it demands of the other. */
interface Side {
  readonly kind: CertificateKind | "none";
  readonly demand: Demand;
}

interface Meeting {
  readonly dialler: Side;
  readonly acceptor: Side;
  readonly maxVersion: "TLSv1.2" | "TLSv1.3";
}

/** A server of the matrix: `of` holds its certificates, `about` what it knows of the other's. */
function presenting<Own extends LinkIdentity>(
  own: Own,
  kind: Side["kind"],
  of: Kinds,
  about: Kinds,
) {
  const shown = of.presented[kind === "none" ? "trusted" : kind];
  return { ...own, ...shown, anchors: matrixAnchors, lists: about.lists };
}

function demanding(demand: Demand, about: Kinds): LinkSettings {
  const requireCertificate = demand !== "careless";
  return { ...strictLink, ...demands[demand], requireCertificate, pins: about.pins };
}

/** A link port whose certificate and demands are those of the next meeting. */
async function port(t: Parameters<typeof opened>[0]) {
  let identity: LinkIdentity = presenting(b, "trusted", kinds.acceptor, kinds.dialler);
  let settings: LinkSettings = strictLink;
  const change = { identity: () => identity, settings: () => settings };
  const server: TestServer = await opened(t, testServer(b, a, change));
  return async function meet({ dialler, acceptor, maxVersion }: Meeting): Promise<string> {
    identity = {
      ...presenting(b, acceptor.kind, kinds.acceptor, kinds.dialler),
      maxVersion,
    };
    settings = demanding(acceptor.demand, kinds.dialler);
    server.refresh();
    const own = presenting(a, dialler.kind, kinds.dialler, kinds.acceptor);
    const isAnonymous = dialler.kind === "none";
    const demand = demanding(dialler.demand, kinds.acceptor);
    const foreseen = foreseenBy(
      { identity: own, settings: demand, isAnonymous },
      { identity, settings, isAnonymous: false },
    );
    const outcome = await dialLink({
      ...dialOptions(own, b, server.port),
      isAnonymous,
      settings: demand,
    });
    const ends = outcome.outcome === "verified" ? "ok" : brief(outcome);
    assert.equal(foreseen.dialler, ends, "what the dialler foresees of it");
    if (outcome.outcome === "verified") {
      const { protocol } = outcome.peer;
      outcome.peer.close("end of test");
      assert.equal((await server.peer()).protocol, protocol);
      return "ok";
    }
    const accepted = await server.refused();
    assert.ok(outcome.fromPartner && accepted.fromPartner);
    assert.equal(foreseen.acceptor, brief(accepted), "what the acceptor foresees of it");
    return `${brief(outcome)}, ${brief(accepted)}`;
  };
}

/** What both ends say where one of them refuses. */
function refusedBy(end: "dialler" | "acceptor", cause: string): string {
  if (cause === "ok") return "ok";
  return end === "dialler"
    ? `${cause} by us, ${cause} by them`
    : `${cause} by them, ${cause} by us`;
}

/** Who judges no certificate counts the pairing key alone, and that only over TLS 1.3 (LK19). */
function causeOf(cause: string, demand: Demand, version: Meeting["maxVersion"]): string {
  return version === "TLSv1.2" && demand === "careless" ? "T11" : cause;
}

const trusted: Side = { kind: "trusted", demand: "hard" };

for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
  for (const { kind, expected } of matrix) {
    test(
      `[LK21][WF1][CS6][CS9][CS11] ${maxVersion}: ${kind}, at both ends`,
      patience,
      async (t) => {
        const meet = await port(t);
        for (const demand of columns) {
          const dialled = await meet({
            dialler: { kind: "trusted", demand },
            acceptor: { kind, demand: "hard" },
            maxVersion,
          });
          const cause = causeOf(expected[demand], demand, maxVersion);
          assert.equal(dialled, refusedBy("dialler", cause), `dialled, ${demand}`);
          const called = await meet({
            dialler: { kind, demand: "hard" },
            acceptor: { kind: "trusted", demand },
            maxVersion,
          });
          assert.equal(called, refusedBy("acceptor", cause), `calling, ${demand}`);
        }
      },
    );
  }

  test(
    `[LK21][WF1][CS6] ${maxVersion}: a caller without certificate, at both ends`,
    patience,
    async (t) => {
      const meet = await port(t);
      const dialler: Side = { kind: "none", demand: "hard" };
      for (const demand of ["hard", "soft", "off", "nameless"] as const) {
        const said = await meet({ dialler, acceptor: { kind: "trusted", demand }, maxVersion });
        assert.equal(said, refusedBy("acceptor", "T09"));
      }
      const acceptor: Side = { kind: "trusted", demand: "careless" };
      const said = await meet({ dialler, acceptor, maxVersion });
      assert.equal(said, maxVersion === "TLSv1.3" ? "ok" : refusedBy("acceptor", "T11"));
    },
  );
}

test(
  "[LK21][WF1][CS9] two servers that refuse each other each tell their own cause",
  patience,
  async (t) => {
    const meet = await port(t);
    const refused = matrix.filter(({ expected }) => expected.hard !== "ok");
    for (const [index, one] of refused.entries()) {
      const other = refused[(index + 1) % refused.length] ?? one;
      const said = await meet({
        dialler: { ...trusted, kind: one.kind },
        acceptor: { ...trusted, kind: other.kind },
        maxVersion: "TLSv1.3",
      });
      assert.equal(said, `${other.expected.hard} by us, ${one.expected.hard} by us`);
    }
  },
);
