import type { KeyObject, X509Certificate } from "node:crypto";
import type { NodeId } from "@gridward/core/base/identity";
import { day, hour, type Instant } from "@gridward/core/base/time";
import { systemClock } from "../os/clock.ts";
import type { RevocationList } from "./revocation.ts";
import { createTemporary } from "./temporary.ts";
import { testAuthority, type TestAuthority } from "./test-authority.ts";
import { asRoot, forServersOnly } from "./test-reissue.ts";
import { createTlsKey } from "./x509/keys.ts";
import { fingerprintOf, keyFingerprintOf, serialOf } from "./x509/read.ts";

/** The moment of the matrix: real, since OpenSSL judges by its own clock. */
export const matrixTime: Instant = systemClock().now();

const yesterday = matrixTime - day;
const ours = testAuthority("Ours", yesterday);
const namesakes = testAuthority("Ours", yesterday);
const strangers = testAuthority("Theirs", yesterday);
const unlisted = testAuthority("Unlisted", yesterday);
const stale = testAuthority("Stale", yesterday);
const bare = testAuthority("Root", yesterday);
const root: TestAuthority = { ...bare, certificate: asRoot(bare.certificate, bare.key) };
const issuing = testAuthority("Issuing", yesterday, root);

/** Whom every server of the matrix trusts; the strangers and the namesakes it does not. */
export const matrixAnchors: readonly string[] = [ours, unlisted, stale, root].map(
  ({ certificate }) => certificate.toString(),
);

/** What a server presents in the matrix, with its key and what it sends along. */
export interface Presented {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
  readonly issuers: readonly X509Certificate[];
}

export type CertificateKind =
  | "trusted"
  | "chained"
  | "temporary"
  | "pinned"
  | "pinned key"
  | "unknown issuer"
  | "unknown root"
  | "namesake issuer"
  | "missing intermediate"
  | "expired"
  | "not yet valid"
  | "wrong name"
  | "wrong purpose"
  | "revoked"
  | "stale list"
  | "no list";

/** Certificates of every kind for one server, and the lists and pins that make them what they are. */
export interface Kinds {
  readonly presented: Readonly<Record<CertificateKind, Presented>>;
  readonly lists: readonly RevocationList[];
  readonly pins: readonly string[];
}

export function kindsOf(node: NodeId): Kinds {
  const name = { kind: "server", node } as const;
  const issue = (authority: TestAuthority, now = yesterday): Presented => ({
    ...authority.issue({ profile: "server", name, now }),
    issuers: [],
  });
  const temporary = (): Presented => {
    const key = createTlsKey();
    const order = { key, node, name: "A", hosts: [], now: yesterday };
    return { certificate: createTemporary(order), key, issuers: [] };
  };
  const nameless = ours.issue({ profile: "server", hosts: ["a.example.org"], now: yesterday });
  const whole = issue(ours);
  const presented = {
    trusted: issue(ours),
    chained: { ...issue(issuing), issuers: [issuing.certificate] },
    temporary: temporary(),
    pinned: temporary(),
    "pinned key": temporary(),
    "unknown issuer": issue(strangers),
    "unknown root": { ...issue(strangers), issuers: [strangers.certificate] },
    "namesake issuer": issue(namesakes),
    "missing intermediate": issue(issuing),
    expired: issue(ours, matrixTime - 800 * day),
    "not yet valid": issue(ours, matrixTime + day),
    "wrong name": { ...nameless, issuers: [] },
    "wrong purpose": { ...whole, certificate: forServersOnly(whole.certificate, ours.key) },
    revoked: issue(ours),
    "stale list": issue(stale),
    "no list": issue(unlisted),
  };
  const revoked = [presented.revoked.certificate];
  return {
    presented,
    lists: [
      testList(ours, { revoked }),
      testList(root, {}),
      testList(issuing, {}),
      testList(stale, { nextUpdate: matrixTime - hour }),
    ],
    pins: [
      fingerprintOf(presented.pinned.certificate),
      keyFingerprintOf(presented["pinned key"].certificate),
    ],
  };
}

/** A list of an authority as the judge sees it. */
export function testList(
  { certificate }: TestAuthority,
  says: { readonly revoked?: readonly X509Certificate[]; readonly nextUpdate?: Instant },
): RevocationList {
  const serials = says.revoked?.map(serialOf) ?? [];
  return {
    number: 7n,
    thisUpdate: matrixTime - 2 * hour,
    nextUpdate: says.nextUpdate ?? matrixTime + day,
    revoked: new Map(serials.map((serial) => [serial, { at: matrixTime - 3 * hour }])),
    isSignedBy: (issuer) => issuer.raw.equals(certificate.raw),
  };
}
