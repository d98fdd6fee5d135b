import type { Command } from "commander";
import { approvalRoutes } from "@gridward/core/api/approval-routes";
import { ok } from "@gridward/core/base/result";
import { callRoute } from "./api-client.ts";
import { callOne } from "./call-one.ts";
import { carryOut, changeQuery, talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import { shown } from "./order.ts";

/** gridward security approvals …: unknown peers with good certificates (CS14). */
export function addApprovalVerbs(security: Command, cli: Cli): void {
  const approvals = security
    .command("approvals")
    .description("peers with certificates of the system's authority that nobody knows yet");
  approvals
    .command("list")
    .description("list who came to the server that is asked, and waits or was rejected")
    .action(async (_: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => list(cli, asked)),
    );
  approvals
    .command("approve <fingerprint>")
    .description(
      "let it in: a client as the account that you name, a device as itself; compare the whole " +
        "fingerprint with the peer's own before",
    )
    .option("--account <name>", "as whom a client signs in")
    .action(async (fingerprint: string, options: { readonly account?: string }, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const body = { fingerprint, ...options };
        const input = { params: {}, query: changeQuery(asked), body };
        return shown(
          await callOne(cli, asked, async (target) =>
            callRoute(target, approvalRoutes.approvalApprove, input, asked),
          ),
        );
      }),
    );
  approvals
    .command("reject <fingerprint>")
    .description("take it off the list; it does not come back for 90 days")
    .action(async (fingerprint: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const input = { params: {}, query: changeQuery(asked), body: { fingerprint } };
        return shown(
          await callOne(cli, asked, async (target) =>
            callRoute(target, approvalRoutes.approvalReject, input, asked),
          ),
        );
      }),
    );
}

const columns = [
  "fingerprint",
  "state",
  "kind",
  "device",
  "certificate",
  "source",
  "last",
  "tries",
];

async function list(cli: Cli, asked: Asked): Promise<Outcome> {
  const answered = await callOne(cli, asked, async (target) =>
    callRoute(target, approvalRoutes.approvalList, { params: {}, query: {}, body: null }, asked),
  );
  if (!answered.ok) return answered;
  const { data, meta } = answered.value;
  if (data.turned_away > 0) {
    talk(cli, asked, `The list of ${data.server} was full: ${data.turned_away} were turned away.`);
  }
  const table = data.rows.map((row) => ({ ...row, names: row.names.join(", ") }));
  return ok({ data, meta, table, columns });
}
