import { certificateRoutes } from "@gridward/core/api/certificate-routes";
import { serverRoutes } from "@gridward/core/api/server-routes";
import type { ChangeAnswer } from "@gridward/core/api/route";
import { ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { second, type Millis } from "@gridward/core/base/time";
import { pemCertificates } from "@gridward/runtime/trust/x509/pem";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import { callRoute, type Answered, type Target } from "./api-client.ts";
import { signedInTarget, talk, type Asked, type Cli } from "./cli.ts";
import { failed, type CommandFailure } from "./failure.ts";
import { order } from "./order.ts";
import { readLogin, saveLogin } from "./saved-login.ts";
import { openSession } from "./security-trial.ts";
import { openTrusted, type ServerTrust } from "./server-trust.ts";

/**
 * CS17: `ca roll-over finish` cannot be taken back, so this program first comes in as it will have
 * to afterwards: believing the new authority alone.
 */

type Servers = Extract<Target, { readonly kind: "servers" }>;

interface Parts {
  readonly cli: Cli;
  readonly asked: Asked;
}

/** Whom this program will believe, and where it was found to come in so. */
interface Afterwards {
  readonly target: Servers;
  /** The anchors that are left, PEM. */
  readonly anchors: string;
  /** Hosts that could not be tried. */
  readonly missed: readonly string[];
}

const nothing = { params: {}, query: {}, body: null } as const;

/** A server that is off keeps nobody waiting for longer. */
const triedFor: Millis = 10 * second;

/** Judged by the server and tried here, and nothing is changed. */
export async function tryFinish(
  parts: Parts,
): Promise<Result<Answered<ChangeAnswer>, CommandFailure>> {
  const input = { ...nothing, query: { dry_run: "true" } } as const;
  const judged = await order(parts, certificateRoutes.rollOverFinish, input);
  if (!judged.ok) return judged;
  const afterwards = await comeInAlone(parts);
  if (!afterwards.ok) return afterwards;
  for (const host of afterwards.value.missed) {
    talk(parts.cli, parts.asked, `${host} is not reached now, and was not tried.`);
  }
  return judged;
}

/** Signs in without the former authority, and orders over that very trust that it is given up. */
export async function finishAlone(
  parts: Parts,
  password: Secret<string> | null,
): Promise<Result<Answered<ChangeAnswer>, CommandFailure>> {
  const { cli, asked } = parts;
  const login = readLogin(cli.program.stateDirectory);
  if (login === undefined) return failed("client.not-signed-in");
  const afterwards = await comeInAlone(parts);
  if (!afterwards.ok) return afterwards;
  const { target, anchors } = afterwards.value;
  const by = { password, option: "--password-file" };
  const opened = await openSession({ cli, asked, target }, login.account, by);
  if (!opened.ok) {
    talk(cli, asked, "Not signed in without the former authority, which is not given up.");
    return opened;
  }
  const { token, expires_at, must_change } = opened.value.data;
  const renewed = { ...login, token, expires_at, must_change };
  saveLogin(cli.program.stateDirectory, renewed);
  talk(cli, asked, "Signed in anew without the former authority: administrators still come in.");
  const done = await callRoute(
    { ...target, token },
    certificateRoutes.rollOverFinish,
    nothing,
    asked,
  );
  // Who holds the key of the former one is believed here no longer.
  if (done.ok) saveLogin(cli.program.stateDirectory, { ...renewed, ca: anchors });
  return done;
}

/** Refused where a server that is believed now would not be without the former authority. */
async function comeInAlone({ cli, asked }: Parts): Promise<Result<Afterwards, CommandFailure>> {
  const present = signedInTarget(cli, asked);
  if (!present.ok) return present;
  const target = present.value;
  if (target.kind === "local") return failed("client.not-signed-in");
  const authorities = await order({ cli, asked }, certificateRoutes.authorityExport, nothing);
  if (!authorities.ok) return authorities;
  const system = await order({ cli, asked }, serverRoutes.system, nothing);
  if (!system.ok) return system;
  const { anchors, trust } = trustWithoutFormer(
    authorities.value.data.rows,
    asked.ca === null ? null : target.trust.ca,
  );
  const named = system.value.data.servers.flatMap(({ url }) => URL.parse(url) ?? []);
  const urls = [...new Map([...target.urls, ...named].map((url) => [url.origin, url])).values()];
  const tried = await Promise.all(urls.map(async (url) => tryServer(url, target, trust, asked)));
  const lost = tried.find(({ failure }) => failure !== null)?.failure;
  if (lost) return failed("client.only-by-former", lost);
  const missed = tried.flatMap(({ url, isTried }) => (isTried ? [] : [url.host]));
  const reached = tried.filter(({ isTried }) => isTried).map(({ url }) => url);
  if (reached.length === 0) return failed("client.no-server");
  return ok({ target: { ...target, urls: reached, trust, token: null }, anchors, missed });
}

interface Tried {
  readonly url: URL;
  readonly isTried: boolean;
  /** Why it is believed by the former authority alone; null: it is not. */
  readonly failure: string | null;
}

/** What is not believed now either is not lost with the former authority. */
async function tryServer(
  url: URL,
  { trust: present, identity }: Servers,
  trust: ServerTrust,
  { timeout }: Asked,
): Promise<Tried> {
  const open = async (by: ServerTrust): Promise<Result<unknown, CommandFailure>> => {
    const opened = await openTrusted(url, { trust: by, identity }, Math.min(timeout, triedFor));
    if (opened.ok) opened.value.destroy();
    return opened;
  };
  const alone = await open(trust);
  if (alone.ok) return { url, isTried: true, failure: null };
  const isLost = alone.error.error.code === "client.untrusted-server" && (await open(present)).ok;
  return { url, isTried: false, failure: isLost ? alone.error.error.where : null };
}

interface AuthorityShown {
  readonly standing: string;
  readonly pem: string;
}

/** Beside the anchors that are left, what else `--ca` names: the issuer of a certificate for clients. */
function trustWithoutFormer(
  rows: readonly AuthorityShown[],
  named: string | null,
): { readonly anchors: string; readonly trust: ServerTrust } {
  const isFormer = ({ standing }: AuthorityShown): boolean => standing === "former";
  const anchors = rows.filter((row) => !isFormer(row)).map(({ pem }) => pem);
  const former = rows.filter(isFormer).flatMap(({ pem }) => readCertificate(pem) ?? []);
  const others = pemCertificates(named ?? "").filter((pem) => {
    const key = readCertificate(pem)?.publicKey;
    return key !== undefined && !former.some(({ publicKey }) => publicKey.equals(key));
  });
  const ca = [...anchors, ...others].join("\n");
  return { anchors: anchors.join(""), trust: { ca, fingerprint: null } };
}
