import { assert } from "@gridward/core/base/result";
import { utf8, type Bytes } from "@gridward/core/base/bytes";
import { nodeId } from "@gridward/core/base/identity";
import { Secret } from "@gridward/core/base/secret";
import { day } from "@gridward/core/base/time";
import { HeldLists } from "@gridward/ied/replica/held-lists";
import { importCertificate } from "@gridward/runtime/trust/import-certificate";
import { judgePeer, withoutLists } from "@gridward/runtime/trust/judge";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { greedyRequest } from "@gridward/runtime/trust/test-greedy-request";
import { aRequest } from "@gridward/runtime/trust/test-ocsp";
import { buildCertificate } from "@gridward/runtime/trust/x509/certificate";
import { encodeCertsOnly } from "@gridward/runtime/trust/x509/certs-only";
import { buildCrl, crlToPem } from "@gridward/runtime/trust/x509/crl";
import { createSigningKey, createTlsKey, keyToPem } from "@gridward/runtime/trust/x509/keys";
import {
  certificateText,
  clientNamesOf,
  keyFingerprintOf,
  readCertificate,
} from "@gridward/runtime/trust/x509/read";
import { readCrl } from "@gridward/runtime/trust/x509/read-crl";
import { createRenewal, createRequest } from "@gridward/runtime/trust/x509/request";
import { encryptedKeyPem, writePkcs12 } from "@gridward/runtime/trust/x509/write-pkcs12";
import { enrolDevice } from "@gridward/server/ca/a-revocation";
import { authorityId } from "@gridward/server/ca/authority";
import { certificateRow } from "@gridward/server/ca/certificate-row";
import { makeCrl } from "@gridward/server/ca/keep-crl";
import { ocspRoutes } from "@gridward/server/ca/ocsp-route";
import { issueThirdParty } from "@gridward/server/ca/third-party";
import { aBay, aRequest as aMounted, anEnrolment } from "@gridward/server/frontends/est/a-bay";
import { aSystem } from "@gridward/server/a-system";

/** A place where bytes of a stranger come in, and what sound ones look like there. */
export interface Border {
  readonly name: string;
  readonly seeds: readonly Bytes[];
  /** Takes them as they would come; throws where the answer is none that may be given. */
  readonly take: (bytes: Bytes) => Promise<void>;
}

const start = Date.UTC(2027, 0, 1);
const password = new Secret("Correct-Horse-7");
const key = createTlsKey();
const theirs = testAuthority("Theirs", start - day);
const name = { kind: "server", node: nodeId("A") } as const;
const server = theirs.issue({ profile: "server", name, hosts: ["a.example.org"] });
const requests: readonly Bytes[] = [
  createRequest(key, "x"),
  createRequest(createSigningKey(), "x"),
  greedyRequest(key, nodeId("A")),
];

/** All borders of certificates, each with its real function. */
export async function openBorders(): Promise<readonly Border[]> {
  return [
    await importBorder(),
    signBorder(),
    ...estBorders(),
    ...ocspBorders(),
    ...listBorders(),
    judgeBorder(),
    namesBorder(),
  ];
}

async function importBorder(): Promise<Border> {
  const { certificate } = server;
  const chain = [theirs.certificate];
  const closed = await encryptedKeyPem(server.key, password);
  const files = { name: "A", key: server.key, certificate, chain };
  return {
    name: "import of certificate files",
    seeds: [
      utf8(`${certificate.toString()}${keyToPem(server.key).reveal()}`),
      utf8(`${closed}${certificate.toString()}`),
      certificate.raw,
      encodeCertsOnly([certificate, theirs.certificate]),
      await writePkcs12(files, password),
    ],
    take: async (bytes) => {
      await importCertificate({ files: [bytes], passphrase: password, ownKeys: [server.key] });
    },
  };
}

function signBorder(): Border {
  const system = aSystem(start);
  const authority = system.front.state().tables.authorities.get(authorityId);
  assert(authority !== undefined, "a system has its authority");
  const order = { authority, systemKey: system.systemKey, now: start };
  const party = { profile: "witness", name: "W", hosts: ["w.example.org"], emails: [] } as const;
  return {
    name: "requests to sign",
    seeds: requests,
    take: async (request) => {
      const issued = issueThirdParty({ ...order, request }, party);
      assert(!issued.ok || !issued.value.certificate.ca, "no request makes an authority");
      await Promise.resolve();
    },
  };
}

function estBorders(): readonly Border[] {
  const bay = aBay(start);
  const enrolment = anEnrolment("Q01", bay.issueCode());
  const own = enrolDevice(aSystem(start));
  const renewal = createRenewal(key, own.certificate);
  const base64 = (bytes: Bytes): Bytes => utf8(Buffer.from(bytes).toString("base64"));
  const type = { "content-type": "application/pkcs10" };
  return [
    {
      name: "EST simpleenroll",
      seeds: [...requests, ...requests.map(base64)],
      take: async (bytes) => {
        for (const body of [bytes, base64(bytes)]) {
          checkStatus((await bay.enrol({ ...enrolment, body })).status);
        }
      },
    },
    {
      name: "EST simplereenroll, in body and in certificate",
      seeds: [renewal, own.certificate.raw],
      take: async (bytes) => {
        const body = base64(bytes);
        for (const certificate of [own.certificate.raw, bytes, null]) {
          checkStatus((await bay.renew({ headers: type, body, certificate })).status);
        }
      },
    },
  ];
}

function checkStatus(status: number): void {
  assert(status >= 200 && status < 500, `an answer with status ${status}`);
}

function ocspBorders(): readonly Border[] {
  const system = aSystem(start);
  const { front, self, systemKey, authority } = system;
  const { row } = enrolDevice(system);
  const issuing = front.state().tables.authorities.get(authorityId);
  assert(issuing !== undefined, "a system has its authority");
  const crl = makeCrl(front.state(), issuing, systemKey, start);
  assert(crl.ok, "a list is made");
  const { tables } = front.state();
  const crls = tables.crls.set(authorityId, crl.value);
  const state = { ...front.state(), tables: { ...tables, crls } };
  const about = { state: "lone", duty: "main", canSignIn: true, fresh: true, ageMs: 0 } as const;
  const condition = () => ({ ...about, node: self.node, at: start });
  const [post, get] = ocspRoutes({
    front: { state: () => state, condition, now: () => start },
    systemKey: () => systemKey,
  });
  const type = { "content-type": "application/ocsp-request" };
  const nonce = Buffer.from("0403010203", "hex");
  return [
    {
      name: "OCSP",
      seeds: [
        aRequest(authority, [row.serial]),
        aRequest(authority, [row.serial, "01"], { digest: "sha256", nonce }),
      ],
      take: async (bytes) => {
        const rest = Buffer.from(bytes).toString("base64");
        const answers = [
          await post?.answer(aMounted({ headers: type, body: bytes })),
          await get?.answer({ ...aMounted({}), rest }),
          await get?.answer({ ...aMounted({}), rest: Buffer.from(bytes).toString("latin1") }),
        ];
        for (const answer of answers) checkStatus(answer?.status ?? 0);
      },
    },
  ];
}

function listBorders(): readonly Border[] {
  const listed = [{ serial: "0abc", at: start, reason: "keyCompromise" } as const];
  const about = { thisUpdate: start, nextUpdate: start + day, listed };
  const lists = [7, 9].map((number) => buildCrl({ ...about, number }, theirs));
  return [
    {
      name: "revocation lists of a device",
      seeds: lists,
      take: async (bytes) => {
        const held = new HeldLists({
          anchors: { all: [theirs.certificate] },
          kept: [{ encoded: Buffer.from(bytes).toString("base64") }],
          seen: () => ({ [keyFingerprintOf(theirs.certificate)]: 8 }),
          write: () => {},
        });
        held.take(bytes);
        held.status(start);
        await Promise.resolve();
      },
    },
    {
      name: "revocation lists in PEM",
      seeds: lists.map((list) => utf8(crlToPem(list))),
      take: async (bytes) => {
        readCrl(Buffer.from(bytes).toString("latin1"));
        await Promise.resolve();
      },
    },
  ];
}

function judgeBorder(): Border {
  return {
    name: "a presented chain",
    seeds: [server.certificate.raw, theirs.certificate.raw],
    take: async (bytes) => {
      for (const chain of [
        [bytes],
        [server.certificate.raw, bytes],
        [bytes, theirs.certificate.raw],
      ]) {
        judgePeer({
          chain,
          anchors: [theirs.certificate.toString()],
          lists: [],
          purpose: "partner",
          expected: { kind: "host", host: "a.example.org" },
          at: start,
          settings: withoutLists,
          handshake: null,
        });
      }
      await Promise.resolve();
    },
  };
}

function namesBorder(): Border {
  const subject = { commonName: "Anna" };
  const says = { profile: "person", publicKey: key, subject, hosts: [], now: start } as const;
  const person = buildCertificate({ ...says, emails: ["anna@example.org"] }, theirs);
  return {
    name: "names of a client's certificate",
    seeds: [person.raw, server.certificate.raw],
    take: async (bytes) => {
      const certificate = readCertificate(bytes);
      if (certificate === undefined) return;
      const names = [...clientNamesOf(certificate), certificateText(certificate)];
      assert(
        names.every((text) => text.length < 10 * bytes.length),
        "names are no longer than what they stand in",
      );
      certificateRow({ authority: "issuing", profile: "person", name: "Anna" }, certificate);
      await Promise.resolve();
    },
  };
}
