import { family, type Sample } from "@gridward/core/codec/prometheus";
import type { AuthorityOutputs } from "../authority/authority.ts";
import type { DeviceStatus } from "../device-status.ts";

/** ATHSTAT and the state of the replica in the text format of Prometheus (DV9). */
export function metricsText(status: DeviceStatus, outputs: AuthorityOutputs): string {
  const { replication, servers } = status;
  const one = (value: number | null): readonly Sample[] => (value === null ? [] : [[{}, value]]);
  return [
    family(
      "gridward_ied_usrblked",
      { says: "At least one user is blocked (ATHSTAT.USRBLKED)." },
      one(Number(outputs.usrblked)),
    ),
    family(
      "gridward_ied_loggedon",
      { says: "At least one user is signed in (ATHSTAT.LOGGEDON)." },
      one(Number(outputs.loggedon)),
    ),
    family(
      "gridward_ied_sign_ins_total",
      { says: "Sign-ins since the start, by outcome.", type: "counter" },
      [
        [{ outcome: "accepted" }, outputs.accepted],
        [{ outcome: "denied" }, outputs.denied],
      ],
    ),
    family(
      "gridward_ied_server_online",
      { says: "An account server can be reached." },
      servers.map(({ name, state }) => [{ server: name }, Number(state === "Online")]),
    ),
    family(
      "gridward_ied_replica_accounts",
      { says: "Accounts in the local replica." },
      one(replication.accounts),
    ),
    family(
      "gridward_ied_replica_age_seconds",
      { says: "Since a fresh server last named the replica as current." },
      one(replication.age_s),
    ),
  ].join("");
}
