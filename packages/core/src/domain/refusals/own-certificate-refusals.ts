import {
  againstRule,
  alreadySo,
  notFound,
  toOperator,
  wrongUse,
  type RefusalSpec,
} from "./refusal-spec.ts";

/** A server's own certificates (CS5): what cannot be imported, shown or removed. */
export const ownCertificateRefusals = {
  "server-certificate.nothing-found": {
    ...wrongUse,
    ...toOperator,
    says: "There is no certificate in what was given.",
    remedy: "Give the file that the authority sent: PEM, DER or PKCS#12.",
  },
  "server-certificate.unreadable": {
    ...wrongUse,
    ...toOperator,
    says: "The file, or the part of it that is named, cannot be read.",
    remedy: "Compare it with the original; PEM, DER, PKCS#7 and PKCS#12 up to 256 KiB are read.",
  },
  "server-certificate.encryption-unsupported": {
    ...wrongUse,
    ...toOperator,
    says: "The key or file is encrypted in a way that is not supported, as RC2 or too many rounds.",
    remedy: "Export it again with AES-256, in OpenSSL `-keypbe AES-256-CBC -certpbe AES-256-CBC`.",
  },
  "server-certificate.passphrase-required": {
    ...wrongUse,
    ...toOperator,
    says: "The key or file is encrypted, and no passphrase was given.",
    remedy: "Put the passphrase in a file and name it with `--passphrase-file FILE`.",
  },
  "server-certificate.passphrase-wrong": {
    ...wrongUse,
    ...toOperator,
    says: "The passphrase does not open the key or file.",
    remedy: "Ask whoever exported it; a line end behind the passphrase is left out.",
  },
  "server-certificate.key-missing": {
    ...wrongUse,
    ...toOperator,
    says: "There is no private key for the certificate, and it is for no key of this server.",
    remedy: "Give the file with the key as well, or a PKCS#12 file that holds both.",
  },
  "server-certificate.key-mismatch": {
    ...wrongUse,
    ...toOperator,
    says: "The private key fits none of the certificates.",
    remedy: "Give the key that the certificate was requested for.",
  },
  "server-certificate.ambiguous": {
    ...wrongUse,
    ...toOperator,
    says: "There are several certificates with a key, so it is not clear which is meant.",
    remedy: "Give one certificate with its key and chain at a time.",
  },
  "server-certificate.is-authority": {
    ...againstRule,
    ...toOperator,
    says: "This is the certificate of an authority, which no server may show as its own.",
    remedy: "Give the certificate that the authority issued for this server.",
  },
  "server-certificate.weak-key": {
    ...againstRule,
    ...toOperator,
    says: "The key of the certificate is too weak or of a kind that peers refuse.",
    remedy: "Request a certificate for a P-256, P-384 or RSA key of at least 2048 bits.",
  },
  "server-certificate.bad-serial": {
    ...againstRule,
    ...toOperator,
    says: "The serial number of the certificate is zero, negative or longer than 20 octets.",
    remedy: "Have the authority issue it again with a serial number after RFC 5280.",
  },
  "server-certificate.wrong-purpose": {
    ...againstRule,
    ...toOperator,
    says: "The certificate is not made for servers.",
    remedy: "Have it issued with serverAuth, and for the link with clientAuth as well.",
  },
  "server-certificate.already-there": {
    ...alreadySo,
    ...toOperator,
    says: "This server has this certificate already.",
    remedy: "Nothing to do; `gridward security certificates list` shows it.",
  },
  "server-certificate.too-many": {
    ...againstRule,
    ...toOperator,
    says: "This server holds as many imported certificates as it may.",
    remedy: "Remove one that is not in use with `gridward security certificates remove`.",
  },
  "server-certificate.not-found": {
    ...notFound,
    ...toOperator,
    says: "This server has no imported certificate with this fingerprint.",
    remedy: "Run `gridward security certificates list`; the system's own cannot be removed.",
  },
} as const satisfies Record<string, RefusalSpec>;
