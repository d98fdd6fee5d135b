import type { Command } from "commander";
import { exitCode } from "@gridward/core/api/exit-code";
import { ok, type Result } from "@gridward/core/base/result";
import { explainFailure, explainLook } from "@gridward/runtime/trust/explain-server";
import { lookAtServer } from "@gridward/runtime/trust/look-at-server";
import { pemCertificates } from "@gridward/runtime/trust/x509/pem";
import { carryOut, type Asked, type Cli, type Outcome } from "./cli.ts";
import { failed, type CommandFailure } from "./failure.ts";
import { readCaFile } from "./input-file.ts";
import { readLogin } from "./saved-login.ts";

/** gridward security explain HOST:PORT: dials any TLS server and tells who refuses what (CS15). */
export function addExplainVerb(security: Command, cli: Cli): void {
  security
    .command("explain <host:port>")
    .description(
      "dial any TLS server, from here, and say in one paragraph what each side presents, trusts " +
        "and refuses; nothing is sent beyond the handshake",
    )
    .action(async (target: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => explain(cli, asked, target)),
    );
}

async function explain(cli: Cli, asked: Asked, typed: string): Promise<Outcome> {
  const place = readPlace(typed);
  if (!place.ok) return place;
  const ca = asked.ca === null ? ok(savedCa(cli)) : readCaFile(asked.ca);
  if (!ca.ok) return ca;
  const anchors = pemCertificates(ca.value ?? "");
  const order = { ...place.value, anchors, at: cli.clock.now() };
  const look = await lookAtServer({ ...order, clock: cli.clock });
  const explained = look.ok ? explainLook(order, look.value) : explainFailure(order, look.error);
  const { target, verdict, cause, text, remedy } = explained;
  const exit = verdict === "ok" ? exitCode.done : exitCode.foundSomething;
  const table = {
    target,
    verdict: cause === null ? verdict : `${verdict} (${cause})`,
    text,
    remedy,
  };
  return ok({
    data: { ...explained, presents: explained.presents.map((each) => ({ ...each })) },
    meta: null,
    table,
    exit,
  });
}

function savedCa({ program }: Cli): string | null {
  return readLogin(program.stateDirectory)?.ca ?? null;
}

function readPlace(
  typed: string,
): Result<{ readonly host: string; readonly port: number }, CommandFailure> {
  const url = URL.parse(typed.includes("://") ? typed : `tls://${typed}`);
  const host = url?.hostname.replaceAll(/[[\]]/g, "") ?? "";
  const port = Number(url?.port === "" ? "443" : url?.port);
  if (host === "" || !Number.isInteger(port) || port < 1) {
    return failed("client.wrong-use", `${typed}: HOST:PORT`);
  }
  return ok({ host, port });
}
