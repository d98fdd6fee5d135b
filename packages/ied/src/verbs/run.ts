import { utf8 } from "@gridward/core/base/bytes";
import { deviceId } from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import { dialLink } from "@gridward/runtime/link/dial";
import { strictLink } from "@gridward/runtime/link/link-settings";
import type { LinkOutcome, PeerTrust } from "@gridward/runtime/link/peer";
import { fetchAnchors } from "@gridward/runtime/trust/est-client";
import { createPasswordHasher } from "@gridward/runtime/os/argon2";
import type { Clock } from "@gridward/runtime/os/clock";
import { lockDirectory } from "@gridward/runtime/os/directory-lock";
import { errorCode, writeFileAtomic } from "@gridward/runtime/os/files";
import { localSocketPath } from "@gridward/runtime/os/local-socket";
import { randomBytes } from "@gridward/runtime/os/random";
import type { RevocationList } from "@gridward/runtime/trust/revocation";
import { answerRequest } from "../access/answer-request.ts";
import { AnchorKeeper } from "../anchor-keeper.ts";
import { serveHttps, type HttpsParts, type HttpsServer } from "../access/serve-https.ts";
import { serveLocal } from "../access/serve-local.ts";
import { CertificateRenewer } from "../certificate-renewer.ts";
import { saveConfig, type DeviceChange, type DeviceConfig } from "../config.ts";
import { Device, type DeviceRevocation } from "../device.ts";
import { carriedCertificates } from "../held-certificates.ts";
import { OwnCertificate } from "../own-certificate.ts";
import { placesOf, renewCertificate } from "../renew-certificate.ts";
import { connectMax } from "../replica/server-line.ts";
import { openDeviceDirectory, type DeviceDirectory } from "./device-directory.ts";
import { failed, refused, type VerbFailure } from "./failure.ts";

export interface RunParts {
  readonly clock: Clock;
  readonly stop: AbortSignal;
  /** All listeners are open. */
  readonly ready: (ports: { readonly https: number }) => void;
}

/** ied run DIR: the device until it is stopped. */
export async function run(
  directory: string,
  parts: RunParts,
): Promise<Result<undefined, VerbFailure>> {
  const opened = openDeviceDirectory(directory);
  if (!opened.ok) return opened;
  const lock = lockDirectory(directory);
  if (!lock.ok) return failed("ied.already-running", `process ${lock.error.pid ?? "unknown"}`);
  try {
    return await runLocked(opened.value, parts);
  } finally {
    lock.value.release();
  }
}

async function runLocked(
  place: DeviceDirectory,
  { clock, stop, ready }: RunParts,
): Promise<Result<undefined, VerbFailure>> {
  const { config, paths, anchors, storeKey } = place;
  const lists = (): readonly RevocationList[] => device.replica.lists.lists;
  let saved = config;
  const servers = (): DeviceConfig["servers"] => saved.servers;
  const { own, renewer, keeper } = openCertificate(place, { lists, servers }, clock);
  const device: Device = new Device({
    directory: paths.directory,
    config,
    anchors,
    storeKey,
    hasher: createPasswordHasher(),
    clock,
    random: randomShare,
    askAnchors: () => keeper.askSoon(),
    dial: async (server, address, revocation) =>
      dialServer(trustOf({ ...place, ...own.now }, revocation), clock, { server, address }),
    certificates: {
      own: () => own.now.certificate,
      held: () => carriedCertificates({ own: own.now.certificate, anchors: anchors.all }),
      renew: async () => {
        const renewed = await renewer.renew(null);
        return renewed.ok ? null : `${renewed.error.code} ${renewed.error.detail}`;
      },
    },
    trust: (revocation) => trustOf({ ...place, ...own.now }, revocation),
  });
  own.onChange(() => device.showCertificate());
  const https = await openHttps(place, { device, own, anchors, clock });
  if (!https.ok) return https;
  const save = (change: DeviceChange): void => {
    saved = { ...saved, ...change };
    saveConfig(paths, saved);
  };
  const local = await serveLocal(localSocketPath(paths.directory), async (request) =>
    answerRequest({ device, renewer, anchors, name: config.device.name, save, servers }, request),
  );
  ready({ https: https.value?.port ?? 0 });
  const writeAthstat = athstatFile(place, device);
  await device.run(stop, () => {
    writeAthstat();
    renewer.tick();
    keeper.tick();
  });
  await Promise.all([local.close(), https.value?.close()]);
  return ok(undefined);
}

/** What the device shows, and who renews it. */
function openCertificate(
  place: DeviceDirectory,
  now: {
    readonly lists: () => readonly RevocationList[];
    readonly servers: () => DeviceConfig["servers"];
  },
  clock: Clock,
): {
  readonly own: OwnCertificate;
  readonly renewer: CertificateRenewer;
  readonly keeper: AnchorKeeper;
} {
  const own = new OwnCertificate(place);
  const { anchors, config } = place;
  const { lists, servers } = now;
  const renewer = new CertificateRenewer({
    own,
    anchors,
    renew: async (shown, code) => {
      const known = { ...config, servers: servers() };
      return renewCertificate({ ...place, config: known, lists: lists(), clock }, shown, code);
    },
    clock,
    random: randomShare,
  });
  const keeper = new AnchorKeeper({
    anchors,
    fetch: async () => {
      const places = placesOf(servers());
      return fetchAnchors({ places, anchors: anchors.pem, lists: lists(), clock });
    },
    clock,
    random: randomShare,
  });
  return { own, renewer, keeper };
}

/** null where the port is 0. */
async function openHttps(
  { config }: DeviceDirectory,
  shown: Omit<HttpsParts, "port">,
): Promise<Result<HttpsServer | null, VerbFailure>> {
  if (config.https === 0) return ok(null);
  try {
    return ok(await serveHttps({ ...shown, port: config.https }));
  } catch (error) {
    const detail = `HTTPS ${config.https}`;
    if (errorCode(error) === "EADDRINUSE") return refused({ code: "config.port-in-use", detail });
    if (errorCode(error) === "EACCES") {
      return refused({ code: "config.port-not-allowed", detail });
    }
    throw error;
  }
}

/** Nothing of the link is switched off but, where the device is told so, revocation. */
function trustOf(
  { config, anchors, certificate, key }: DeviceDirectory,
  { mode, lists }: DeviceRevocation,
): PeerTrust {
  return {
    identity: {
      name: { kind: "device", device: deviceId(config.device.id) },
      certificate,
      issuers: anchors.sentWith(certificate),
      key,
      anchors: anchors.pem,
      lists,
      pairingKey: null,
    },
    settings: { ...strictLink, revocation: mode },
  };
}

/** One dial within `connectMax`. A server that is refused is as good as unreachable (DV1). */
async function dialServer(
  trust: PeerTrust,
  clock: Clock,
  to: { readonly server: DeviceConfig["servers"][number]; readonly address: string },
): Promise<LinkOutcome> {
  const done = new AbortController();
  const late = new AbortController();
  void clock.sleep(connectMax, done.signal).then(() => late.abort());
  const outcome = await dialLink({
    protocol: "gridward-replica/1",
    address: to.address,
    port: to.server.ports.link,
    ...trust,
    expectedNode: null,
    partnerKey: null,
    clock,
    stop: late.signal,
  });
  done.abort();
  return outcome;
}

/** DV9: ATHSTAT as a file, written when it changes. */
function athstatFile({ paths }: DeviceDirectory, device: Device): () => void {
  let written = "";
  return () => {
    const text = `${JSON.stringify(device.authority.outputs())}\n`;
    if (text === written) return;
    writeFileAtomic(paths.athstat, utf8(text));
    written = text;
  };
}

/** Between 0 and 1, for the spread of repeated dials. */
function randomShare(): number {
  const [first = 0, second = 0] = randomBytes(2);
  return (first * 256 + second) / 65_536;
}
