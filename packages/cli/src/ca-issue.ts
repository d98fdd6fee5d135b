import { extname } from "node:path";
import { certificateRoutes } from "@gridward/core/api/certificate-routes";
import { ok, type Result } from "@gridward/core/base/result";
import type { ThirdPartyProfile } from "@gridward/core/domain/certificate-profile";
import { newFileFault } from "@gridward/runtime/os/files";
import { readRequestFile, writeOut } from "./ca-file.ts";
import { changeQuery, type Asked, type Cli, type Outcome } from "./cli.ts";
import { failed, type CommandFailure } from "./failure.ts";
import { readSecret } from "./input-file.ts";
import { order } from "./order.ts";

interface Desk {
  readonly cli: Cli;
  readonly asked: Asked;
}

interface PartyOptions {
  readonly profile: ThirdPartyProfile;
  readonly host?: readonly string[];
  readonly email?: readonly string[];
  readonly out: string;
}

export interface IssueOptions extends PartyOptions {
  readonly keyType?: "ec" | "rsa";
  readonly passwordFile?: string;
  /** False with --no-password. */
  readonly password: boolean;
}

export interface SignOptions extends PartyOptions {
  readonly name: string;
}

const formats: ReadonlyMap<string, "p12" | "pem"> = new Map([
  [".p12", "p12"],
  [".pfx", "p12"],
  [".pem", "pem"],
]);

/** The file is looked at first: the key that goes into it exists only once. */
export async function issueFile(
  { cli, asked }: Desk,
  name: string,
  options: IssueOptions,
): Promise<Outcome> {
  const { profile, out, keyType } = options;
  const format = formats.get(extname(out).toLowerCase());
  if (format === undefined) return failed("client.wrong-use", "--out: a .p12, .pfx or .pem file");
  const fault = newFileFault(out);
  if (fault !== undefined) return failed("client.new-file", fault);
  const password = await readPassword(cli, options);
  if (!password.ok) return password;
  const body = {
    ...partyOf(options),
    name,
    profile,
    format,
    key: keyType,
    password: password.value,
  };
  const input = { params: {}, query: changeQuery(asked), body };
  const issued = await order({ cli, asked }, certificateRoutes.certificateIssue, input);
  if (!issued.ok) return issued;
  const { data, meta } = issued.value;
  const { file, password: made, ...about } = data;
  if (file === null) return ok({ data: { ...about, file: null }, meta });
  const written = writeOut(out, Buffer.from(file, "base64"));
  if (!written.ok) return written;
  const shownOnce = made === null ? {} : { password: made };
  return ok({ data: { ...about, name, file: out, ...shownOnce }, meta });
}

/** Undefined: the server makes one. Null: the key stands in clear. */
async function readPassword(
  cli: Cli,
  { password, passwordFile: file }: IssueOptions,
): Promise<Result<string | null | undefined, CommandFailure>> {
  if (file === undefined) return ok(password ? undefined : null);
  if (!password) return failed("client.wrong-use", "--password-file and --no-password");
  const secret = await readSecret(cli.program, { file, question: "", option: "--password-file" });
  return secret.ok ? ok(secret.value.reveal()) : secret;
}

export async function signFile(
  { cli, asked }: Desk,
  path: string,
  options: SignOptions,
): Promise<Outcome> {
  const { name, profile, out } = options;
  const fault = newFileFault(out);
  if (fault !== undefined) return failed("client.new-file", fault);
  const request = readRequestFile(path);
  if (!request.ok) return request;
  const body = { ...partyOf(options), name, profile, request: request.value };
  const input = { params: {}, query: changeQuery(asked), body };
  const signed = await order({ cli, asked }, certificateRoutes.certificateSign, input);
  if (!signed.ok) return signed;
  const { data, meta } = signed.value;
  const { certificate, ...about } = data;
  if (certificate === null) return ok({ data: { ...about, file: null }, meta });
  const written = writeOut(out, certificate);
  return written.ok ? ok({ data: { ...about, name, file: out }, meta }) : written;
}

function partyOf({ host, email }: PartyOptions) {
  return {
    ...(host === undefined ? {} : { hosts: [...host] }),
    ...(email === undefined ? {} : { emails: [...email] }),
  };
}
