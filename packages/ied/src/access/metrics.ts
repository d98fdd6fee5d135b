import type { AuthorityOutputs } from "../authority/authority.ts";
import type { DeviceStatus } from "../device-status.ts";

/** ATHSTAT and the state of the replica in the text format of Prometheus (DV9). */
export function metricsText(status: DeviceStatus, outputs: AuthorityOutputs): string {
  const { replication, servers } = status;
  const lines = [
    ...gauge("gridward_ied_usrblked", "At least one user is blocked (ATHSTAT.USRBLKED).", [
      ["", Number(outputs.usrblked)],
    ]),
    ...gauge("gridward_ied_loggedon", "At least one user is signed in (ATHSTAT.LOGGEDON).", [
      ["", Number(outputs.loggedon)],
    ]),
    "# HELP gridward_ied_sign_ins_total Sign-ins since the start, by outcome.",
    "# TYPE gridward_ied_sign_ins_total counter",
    `gridward_ied_sign_ins_total{outcome="accepted"} ${outputs.accepted}`,
    `gridward_ied_sign_ins_total{outcome="denied"} ${outputs.denied}`,
    ...gauge(
      "gridward_ied_server_online",
      "An account server can be reached.",
      servers.map(({ name, state }) => [`{server="${label(name)}"}`, Number(state === "Online")]),
    ),
    ...gauge("gridward_ied_replica_accounts", "Accounts in the local replica.", [
      ["", replication.accounts],
    ]),
    ...gauge(
      "gridward_ied_replica_age_seconds",
      "Since a fresh server last named the replica as current.",
      replication.age_s === null ? [] : [["", replication.age_s]],
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function gauge(
  name: string,
  says: string,
  values: readonly (readonly [labels: string, value: number])[],
): readonly string[] {
  return [
    `# HELP ${name} ${says}`,
    `# TYPE ${name} gauge`,
    ...values.map(([labels, value]) => `${name}${labels} ${value}`),
  ];
}

function label(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
