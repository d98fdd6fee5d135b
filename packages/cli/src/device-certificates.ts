import type { Command } from "commander";
import { deviceCertificateRoutes } from "@gridward/core/api/device-certificate-routes";
import { carryOut, changeQuery, type Asked, type Cli, type Outcome } from "./cli.ts";
import { order, shown, shownRows } from "./order.ts";
import { orderWhenSure } from "./order-when-sure.ts";

const listColumns = ["serial", "use", "state", "not_before", "not_after", "reason"];
const heldColumns = ["use", "subject", "serial", "not_after", "known"];

/** gridward device certificates …: what a device got, what it holds, another one, none. */
export function addDeviceCertificateVerbs(device: Command, cli: Cli): void {
  const certificates = device.command("certificates").description("certificates of one device");
  certificates
    .command("list <name>")
    .description("list what was issued to a device, with what counts now")
    .action(async (name: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const input = { params: { name }, query: {}, body: null };
        const { deviceCertificateList } = deviceCertificateRoutes;
        return shownRows(await order({ cli, asked }, deviceCertificateList, input), listColumns);
      }),
    );
  certificates
    .command("read <name>")
    .description("read back from a connected device what it holds, its trust anchors among it")
    .action(async (name: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const input = { params: { name }, query: {}, body: null };
        const { deviceCertificateRead } = deviceCertificateRoutes;
        return shownRows(await order({ cli, asked }, deviceCertificateRead, input), heldColumns);
      }),
    );
  certificates
    .command("replace <name>")
    .description("have a connected device make a new key and fetch a certificate for it, now")
    .action(async (name: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const input = { params: { name }, query: changeQuery(asked), body: null };
        const { deviceCertificateReplace } = deviceCertificateRoutes;
        return shown(await order({ cli, asked }, deviceCertificateReplace, input));
      }),
    );
  certificates
    .command("delete <name> <serial>")
    .description(
      "take a certificate from a device for good; without its current one it serves nobody",
    )
    .action(async (name: string, serial: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => deleteCertificate(cli, asked, name, serial)),
    );
}

async function deleteCertificate(
  cli: Cli,
  asked: Asked,
  name: string,
  serial: string,
): Promise<Outcome> {
  const route = deviceCertificateRoutes.deviceCertificateDelete;
  const deleted = await orderWhenSure(
    { cli, asked },
    async (query) => order({ cli, asked }, route, { params: { name }, query, body: { serial } }),
    ({ use }) => {
      const question =
        use === "current"
          ? "The device erases its replica and serves nobody until it has a new certificate."
          : "The certificate is revoked; the device goes on with its current one.";
      return { question, answer: name };
    },
  );
  return shown(deleted);
}
