import { rfc3339 } from "@gridward/core/base/time";
import type { Fact } from "@gridward/core/domain/fact";

/** What an auditor must find again of what the journal says, as far as there is a number for it. */
export function eventOfFact(fact: Fact): readonly [number, string] | undefined {
  if (fact.kind === "account-created") return [2110, fact.account.name];
  if (fact.kind === "account-deleted") return [2120, fact.id];
  if (fact.kind === "password-set") return [2210, fact.id];
  if (fact.kind === "account-updated") return [2160, fact.id];
  if (fact.kind === "server-address-set") {
    const { id, address, backup } = fact;
    return [20050, `server ${id} at ${address}, backup ${backup ?? "none"}`];
  }
  const ofCertificates = certificateText(fact);
  if (ofCertificates !== undefined) return [20090, ofCertificates];
  const ofRights = rightsText(fact);
  if (ofRights !== undefined) return [20150, ofRights];
  const ofPeers = peerText(fact);
  if (ofPeers !== undefined) return [20120, ofPeers];
  const ofServers = pairText(fact);
  return ofServers === undefined ? undefined : [20130, ofServers];
}

function certificateText(fact: Fact): string | undefined {
  if (fact.kind === "certificate-issued") {
    const { profile, name, serial } = fact.certificate;
    return `${profile} ${name}, serial number ${serial}, issued`;
  }
  if (fact.kind === "certificate-revoked") {
    return `serial number ${fact.serial} revoked: ${fact.reason}`;
  }
  if (fact.kind !== "device-renewal-confirmed") return undefined;
  const { id, of, serial } = fact;
  return `serial number ${of} replaced: the device ${id} was seen with ${serial}`;
}

function rightsText(fact: Fact): string | undefined {
  if (fact.kind === "rights-set") {
    return `role-to-right map ${fact.map.name} is at revision ${fact.map.revision}`;
  }
  if (fact.kind === "role-named") return `private role ${fact.role.role} is ${fact.role.name}`;
  if (fact.kind !== "role-name-removed") return undefined;
  return `private role ${fact.role} has no name any more`;
}

function peerText(fact: Fact): string | undefined {
  if (fact.kind === "certificate-mapped") {
    return `${fact.mapping.key} leads to the account ${fact.mapping.account}`;
  }
  if (fact.kind === "certificate-unmapped") return `${fact.key} leads to nobody any more`;
  if (fact.kind === "legacy-peer-allowed") {
    const { address, owner, reason, until } = fact.peer;
    return `legacy peer ${address} of ${owner} until ${rfc3339(until)}: ${reason}`;
  }
  return fact.kind === "legacy-peer-removed" ? `legacy peer ${fact.address} removed` : undefined;
}

/** HS19: what all servers of the system know of their pair, the same on each, by the servers' ids. */
function pairText(fact: Fact): string | undefined {
  if (fact.kind === "term-started") {
    const { term, owner, by, ackSet, mode } = fact.pair;
    return `term ${term} of ${owner} by ${by}; ack set ${ackSet.join(", ")}; mode ${mode}`;
  }
  if (fact.kind === "ack-set-changed") {
    const alone = fact.unprotected;
    const since = alone && `; one copy since ${rfc3339(alone.since)}: ${alone.reason}`;
    return `ack set ${fact.ackSet.join(", ")}${since ?? ""}`;
  }
  return fact.kind === "mode-changed" ? `mode ${fact.mode}` : memberText(fact);
}

function memberText(fact: Fact): string | undefined {
  if (fact.kind === "server-joined") {
    return `server ${fact.server.name} joined (${fact.server.kind})`;
  }
  if (fact.kind === "server-removed") return `server ${fact.id} removed by ${fact.by}`;
  if (fact.kind === "witness-added") {
    return `witness at ${fact.witness.address}, port ${fact.witness.port}, added`;
  }
  if (fact.kind === "witness-removed") return "witness removed";
  if (fact.kind === "system-restored") {
    return `system restored from the backup of ${rfc3339(fact.backup.at)}`;
  }
  if (fact.kind !== "set-aside-judged") return undefined;
  return `set-aside change ${fact.id} ${fact.verdict} by ${fact.by}: ${fact.reason}`;
}
