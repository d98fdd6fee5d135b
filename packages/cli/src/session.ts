import { resolve } from "node:path";
import type { Command } from "commander";
import { sessionRoutes } from "@gridward/core/api/session-routes";
import type * as z from "zod";
import { ok, type Result } from "@gridward/core/base/result";
import { callRoute, type Target } from "./api-client.ts";
import { carryOut, changeQuery, talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import { readClientIdentity, type IdentityFiles } from "./client-identity.ts";
import { costsSay, readCosts } from "./costs.ts";
import { failed, type CommandFailure } from "./failure.ts";
import { readCaFile, readSecret } from "./input-file.ts";
import { keepLogin } from "./keep-login.ts";
import { order, shown } from "./order.ts";
import { forgetLogin, readLogin, saveLogin, serversToTry } from "./saved-login.ts";
import { parseFingerprint, type ServerTrust } from "./server-trust.ts";

interface LoginOptions {
  readonly fingerprint?: string;
  readonly passwordFile?: string;
  readonly codeFile?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly cost?: string;
}

interface PasswordOptions {
  readonly currentFile?: string;
  readonly passwordFile?: string;
}

/** login, logout, whoami, password change. */
export function addSessionVerbs(root: Command, cli: Cli): void {
  root
    .command("login [user]")
    .description("sign in; the session is kept for the commands that follow")
    .option("--fingerprint <sha256>", "accept the server with this certificate")
    .option("--password-file <file>", 'password, "-" for standard input')
    .option("--code-file <file>", 'one-time code, "-" for standard input')
    .option(
      "--certificate <file>",
      "certificate to present from now on, PEM; signs in as its account unless a password or code is given",
    )
    .option("--key <file>", "its key, PEM, where it is in another file")
    .option("--cost <costs>", costsSay)
    .action(async (user: string | undefined, options: LoginOptions, command: Command) =>
      carryOut(cli, command, async (asked) => signIn(cli, asked, user, options)),
    );
  root
    .command("logout")
    .description("end the session")
    .action(async (_: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => logout(cli, asked)),
    );
  root
    .command("whoami")
    .description("show who is signed in, with the roles in force")
    .action(async (_: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => whoAmI(cli, asked)),
    );
  root
    .command("password")
    .description("one's own password")
    .command("change")
    .description("change the password of whoever is signed in")
    .option("--current-file <file>", 'present password, "-" for standard input')
    .option("--password-file <file>", 'new password, "-" for standard input')
    .action(async (options: PasswordOptions, command: Command) =>
      carryOut(cli, command, async (asked) => changePassword(cli, asked, options)),
    );
}

async function signIn(
  cli: Cli,
  asked: Asked,
  user: string | undefined,
  options: LoginOptions,
): Promise<Outcome> {
  const costs = readCosts(options.cost);
  if (!costs.ok) return costs;
  const files = filesOf(options);
  const identity = files === null ? ok(null) : readClientIdentity(files);
  if (!identity.ok) return identity;
  const trust = readTrust(cli, asked, options.fingerprint);
  if (!trust.ok) return trust;
  const urls = asked.servers.length > 0 ? asked.servers : knownServers(cli);
  if (urls.length === 0) return failed("client.wrong-use", "--server URL is needed");
  const body = await readProof(cli, user, options);
  if (!body.ok) return body;
  const target: Target = {
    kind: "servers",
    urls,
    trust: trust.value,
    identity: identity.value,
    token: null,
  };
  const input = { params: {}, query: {}, body: body.value };
  const signedIn = await callRoute(target, sessionRoutes.signIn, input, asked);
  if (!signedIn.ok) return signedIn;
  const { data, meta } = signedIn.value;
  const kept = await keepLogin(cli, asked, { target, files, costs: costs.value, session: data });
  if (!kept.ok) return kept;
  talkOfPassword(cli, asked, data);
  const { token: _, ...visible } = data;
  return ok({ data: visible, meta });
}

type SignedIn = z.output<typeof sessionRoutes.signIn.answer>;

/** What a person must know of the password that was just right. */
function talkOfPassword(cli: Cli, asked: Asked, session: SignedIn): void {
  const { must_change: mustChange, grace_left: left, password_expires_at: end } = session;
  const isOver = `The password has expired; sign-ins left to change it: ${left ?? 0}.`;
  if (left !== null) talk(cli, asked, isOver);
  if (mustChange) talk(cli, asked, "Change the password now: gridward password change");
  else if (session.password_warning && end !== null) {
    talk(cli, asked, `The password expires at ${end}: gridward password change`);
  }
}

/** Whole paths: later commands may be given elsewhere. */
function filesOf({ certificate, key }: LoginOptions): IdentityFiles | null {
  if (certificate === undefined) return null;
  return { certificate: resolve(certificate), key: key === undefined ? null : resolve(key) };
}

type Proof = z.input<typeof sessionRoutes.signIn.body>;

/** With a certificate and without a file for a secret, the certificate itself. */
async function readProof(
  cli: Cli,
  user: string | undefined,
  { passwordFile, codeFile, certificate }: LoginOptions,
): Promise<Result<Proof, CommandFailure>> {
  const file = passwordFile ?? codeFile;
  if (certificate !== undefined && file === undefined) {
    return ok({ certificate: true, ...(user !== undefined && { name: user }) });
  }
  if (user === undefined) return failed("client.wrong-use", "USER is needed");
  const secret = await readSecret(cli.program, {
    file,
    question: `Password or one-time code of ${user}: `,
    option: "--password-file or --code-file",
  });
  if (!secret.ok) return secret;
  const text = secret.value.reveal();
  return ok(codeFile === undefined ? { name: user, password: text } : { name: user, code: text });
}

function readTrust(
  cli: Cli,
  asked: Asked,
  fingerprint: string | undefined,
): Result<ServerTrust, CommandFailure> {
  const pinned = fingerprint === undefined ? null : parseFingerprint(fingerprint);
  if (pinned === undefined) return failed("client.wrong-use", "--fingerprint: 64 hex digits");
  const ca = asked.ca === null ? ok(null) : readCaFile(asked.ca);
  if (!ca.ok) return ca;
  if (ca.value !== null || pinned !== null) return ok({ ca: ca.value, fingerprint: pinned });
  const known = readLogin(cli.program.stateDirectory);
  return ok({ ca: known?.ca ?? null, fingerprint: known?.fingerprint ?? null });
}

function knownServers(cli: Cli): readonly URL[] {
  const known = readLogin(cli.program.stateDirectory);
  const servers = known === undefined ? [] : serversToTry(known);
  return servers.flatMap(({ url }) => URL.parse(url) ?? []);
}

/** Who is signed in, and how this client goes on: which server it asks first, what it presents. */
async function whoAmI(cli: Cli, asked: Asked): Promise<Outcome> {
  const input = { params: {}, query: {}, body: null };
  const answered = await order({ cli, asked }, sessionRoutes.whoAmI, input);
  const login = readLogin(cli.program.stateDirectory);
  if (!answered.ok || login === undefined) return shown(answered);
  const { data, meta } = answered.value;
  const servers = serversToTry(login);
  return ok({ data: { ...data, servers, client_certificate: login.identity }, meta });
}

async function logout(cli: Cli, asked: Asked): Promise<Outcome> {
  const input = { params: {}, query: changeQuery(asked), body: null };
  const ended = await order({ cli, asked }, sessionRoutes.signOut, input);
  // The token is forgotten here even when no Main can end it: it then ends by its time.
  if (!asked.dryRun) forgetLogin(cli.program.stateDirectory);
  return shown(ended);
}

async function changePassword(cli: Cli, asked: Asked, options: PasswordOptions): Promise<Outcome> {
  const login = readLogin(cli.program.stateDirectory);
  if (login === undefined) return failed("client.not-signed-in");
  const current = login.must_change
    ? ok(undefined)
    : await readSecret(cli.program, {
        file: options.currentFile,
        question: "Present password: ",
        option: "--current-file",
      });
  if (!current.ok) return current;
  const chosen = await readSecret(cli.program, {
    file: options.passwordFile,
    question: "New password: ",
    option: "--password-file",
  });
  if (!chosen.ok) return chosen;
  const known = current.value?.reveal();
  const body = {
    ...(known === undefined ? {} : { current: known }),
    password: chosen.value.reveal(),
  };
  const input = { params: {}, query: changeQuery(asked), body };
  const changed = await order({ cli, asked }, sessionRoutes.changePassword, input);
  if (!changed.ok) return changed;
  const { session, ...data } = changed.value.data;
  if (session !== null) {
    const { token, expires_at, must_change } = session;
    saveLogin(cli.program.stateDirectory, { ...login, token, expires_at, must_change });
  }
  return ok({ data, meta: changed.value.meta });
}
