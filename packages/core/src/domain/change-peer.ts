import type { Fact } from "./fact.ts";
import type { MemberOf } from "./member-of.ts";
import type { RowChange } from "./types.ts";

type PeerFact = MemberOf<
  Fact,
  "certificate-mapped" | "certificate-unmapped" | "legacy-peer-allowed" | "legacy-peer-removed"
>;

/** Which certificates lead where (CS13), and who is served without any (CS7). */
export function changePeer(fact: PeerFact): RowChange {
  switch (fact.kind) {
    case "certificate-mapped":
      return { table: "mappings", key: fact.mapping.key, row: fact.mapping };
    case "certificate-unmapped":
      return { table: "mappings", key: fact.key, row: null };
    case "legacy-peer-allowed":
      return { table: "legacyPeers", key: fact.peer.address, row: fact.peer };
    case "legacy-peer-removed":
      return { table: "legacyPeers", key: fact.address, row: null };
  }
}
