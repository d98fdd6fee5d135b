import { systemId } from "../base/identity.ts";
import type { Instant } from "../base/time.ts";
import type { Submission } from "./command.ts";
import { decided, type CommandOf, type Decision } from "./decision.ts";
import type { Fact } from "./fact.ts";
import { codeValidityMax, siteLengthMax, uidFirst } from "./limits.ts";
import { isPlainText, isProperName, parseAccountName } from "./names.ts";
import { firstPolicy, seedPolicies } from "./policies.ts";
import { refuse } from "./refusal.ts";
import { roleIds } from "./roles.ts";
import { singleKey, type DirectoryState } from "./state.ts";

/** Everything a system begins with, in one entry: it exists whole or not at all. */
export function createSystem(
  state: DirectoryState,
  command: CommandOf<"create-system">,
  { at }: Submission,
): Decision {
  if (state.tables.system.has(singleKey)) return refuse("system.exists", "");
  const { base, site, server, administrator } = command;
  for (const text of [base, site]) {
    if (text.trim() === "" || !isPlainText(text, siteLengthMax)) {
      return refuse("system.bad-value", text.slice(0, siteLengthMax));
    }
  }
  if (!isProperName(server.name)) return refuse("pair.bad-name", server.name.slice(0, 64));
  const name = parseAccountName(administrator.name);
  if (!name.ok) return name;
  const { expiresAt } = administrator.code;
  if (!(expiresAt > at && expiresAt <= at + codeValidityMax)) {
    return refuse("account.bad-code", name.value);
  }
  return decided(firstFacts(command, name.value, at), { id: administrator.id });
}

function firstFacts(
  command: CommandOf<"create-system">,
  name: string,
  at: Instant,
): readonly Fact[] {
  const { base, site, replicaKey, server, administrator } = command;
  const id = systemId(command.systemId);
  return [
    {
      kind: "system-created",
      system: { id, base, site, createdAt: at, replicaKey, uidNext: uidFirst, recovery: null },
    },
    { kind: "authority-created", authority: command.authority },
    ...command.certificates.map((certificate) => issued(certificate)),
    ...seedPolicies.map((policy): Fact => ({ kind: "policy-set", policy })),
    { kind: "server-joined", server },
    {
      kind: "term-started",
      pair: {
        term: 1,
        owner: server.id,
        by: "creation",
        since: at,
        ackSet: [server.id],
        mode: "manual",
        unprotected: null,
      },
    },
    {
      kind: "account-created",
      account: {
        id: administrator.id,
        name,
        displayName: name,
        uidNumber: uidFirst,
        // SECADM alone: reading the audit and the role-to-right map are given on purpose (AM8).
        roles: [{ role: roleIds.SECADM, area: "*", notBefore: null, notAfter: null }],
        groups: [],
        enabled: true,
        password: null,
        code: administrator.code,
        lockedUntil: null,
        policy: firstPolicy,
        createdAt: at,
        changedAt: at,
      },
    },
  ];
}

function issued(certificate: CommandOf<"create-system">["certificates"][number]): Fact {
  return { kind: "certificate-issued", certificate };
}
