import type * as z from "zod";
import { exitCode } from "@gridward/core/api/exit-code";
import { type SecurityView, securityRoutes } from "@gridward/core/api/security-routes";
import { sessionRoutes } from "@gridward/core/api/session-routes";
import { ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { callRoute, type Answered, type Target } from "./api-client.ts";
import { callOne } from "./call-one.ts";
import { talk, type Asked, type Cli } from "./cli.ts";
import { failed, type CommandFailure } from "./failure.ts";
import { readSecret } from "./input-file.ts";
import { readLogin, saveLogin } from "./saved-login.ts";

/** Of the verbs after which a sign-in may be asked for (CS17). */
export interface ProofOptions {
  readonly passwordFile?: string;
}

export const passwordOption = [
  "--password-file <file>",
  'password to sign in anew with, "-" for standard input',
] as const;

type Unconfirmed = SecurityView["unconfirmed"];
type Servers = Extract<Target, { readonly kind: "servers" }>;

const nothing = { params: {}, query: {}, body: null } as const;

/** Null where no file is named; read before anything is ordered. */
export async function readProof(
  cli: Cli,
  { passwordFile: file }: ProofOptions,
): Promise<Result<Secret<string> | null, CommandFailure>> {
  if (file === undefined) return ok(null);
  return readSecret(cli.program, { file, question: "", option: "--password-file" });
}

/**
 * A new sign-in at the one server, over a new connection; its session takes the place of the one
 * before, which proves nothing.
 */
export async function signInAnew(
  cli: Cli,
  asked: Asked,
  password: Secret<string> | null,
): Promise<Result<Target, CommandFailure>> {
  return callOne<Target>(cli, asked, async (target) => {
    const login = readLogin(cli.program.stateDirectory);
    if (login === undefined || target.kind === "local") return failed("client.not-signed-in");
    const by = { password, option: "gridward security confirm --password-file" };
    const opened = await openSession({ cli, asked, target }, login.account, by);
    if (!opened.ok) return opened;
    const { token, expires_at, must_change } = opened.value.data;
    saveLogin(cli.program.stateDirectory, { ...login, token, expires_at, must_change });
    return ok({ ...target, token });
  });
}

/** By certificate where one is presented and no password is given, else by password. */
export async function openSession(
  { cli, asked, target }: { readonly cli: Cli; readonly asked: Asked; readonly target: Servers },
  name: string,
  {
    password: given,
    option,
  }: { readonly password: Secret<string> | null; readonly option: string },
): Promise<Result<Answered<z.output<typeof sessionRoutes.signIn.answer>>, CommandFailure>> {
  const signIn = async (body: z.input<typeof sessionRoutes.signIn.body>) =>
    callRoute({ ...target, token: null }, sessionRoutes.signIn, { ...nothing, body }, asked);
  if (given === null && target.identity !== null) {
    const byCertificate = await signIn({ certificate: true, name });
    if (byCertificate.ok || !cli.program.isInteractive) return byCertificate;
  }
  const question = `To prove that administrators still come in, password of ${name}: `;
  const secret =
    given === null
      ? await readSecret(cli.program, { file: undefined, question, option })
      : ok(given);
  if (!secret.ok) return secret;
  return signIn({ name, password: secret.value.reveal() });
}

/** What waits after a change, and the exit code where that is a sign-in which did not come about. */
export interface Tried {
  readonly unconfirmed: Unconfirmed;
  readonly exit: number;
}

/** CS17: signs in anew under a change that waits for it. Where that fails it says until when. */
export async function tryOut(
  cli: Cli,
  asked: Asked,
  unconfirmed: Unconfirmed,
  password: Secret<string> | null,
): Promise<Tried> {
  if (unconfirmed === null || unconfirmed.sign_in.length === 0 || asked.local !== null) {
    return { unconfirmed, exit: exitCode.done };
  }
  const target = await signInAnew(cli, asked, password);
  const passed = target.ok
    ? await callRoute(target.value, securityRoutes.securityTrial, nothing, asked)
    : target;
  if (passed.ok) {
    talk(cli, asked, "Signed in anew over a new connection: administrators still come in.");
    return { unconfirmed: passed.value.data.unconfirmed, exit: exitCode.done };
  }
  const { message, where } = passed.error.error;
  const detail = where === null ? "" : ` (${where})`;
  talk(cli, asked, `Not signed in under the change: ${message}${detail}`);
  return { unconfirmed, exit: exitCode.partlyDone };
}

/** What a change that waits for a sign-in comes to, for people. */
export function waitingLine({ change, taken_back_at: at }: NonNullable<Unconfirmed>): string {
  return (
    `The change ${change} waits for an administrator to sign in under it, over a new connection. ` +
    `It is taken back at ${at ?? "the end of its trial"}. To keep it: gridward security confirm, ` +
    "or on the server gridward security confirm --local DIR"
  );
}

/** What is to come, before anything is changed. */
export function signInLine(why: readonly string[]): string {
  return (
    `It may shut administrators out: ${why.join("; ")}. ` +
    "You will be asked to sign in anew under it, or it is taken back after 60 s."
  );
}
