import {
  againstRule,
  alreadySo,
  notFound,
  toAnyone,
  toOperator,
  type RefusalSpec,
} from "./refusal-spec.ts";

/** Certificates of clients, what they lead to, and peers that have none. */
export const clientRefusals = {
  "client-certificate.required": {
    http: 403,
    ldap: 8,
    exit: 3,
    ...toAnyone,
    says: "This server takes no client without a certificate.",
    remedy: "Sign in with `gridward login --certificate FILE`, or present one by your program.",
  },
  "client-certificate.refused": {
    http: 403,
    ldap: 8,
    exit: 3,
    ...toAnyone,
    says: "The client's certificate is refused for the cause that is named.",
    remedy: "Look the cause up in the list of causes, and present a certificate without it.",
  },
  "client-certificate.nobody": {
    http: 403,
    ldap: 8,
    exit: 3,
    ...toAnyone,
    says: "The client's certificate leads to no account of this system.",
    remedy:
      "Have a SECADM run `gridward security approvals list` or `gridward account certificate add`.",
  },
  "client-certificate.none": {
    http: 401,
    ldap: 48,
    exit: 3,
    ...toAnyone,
    says: "The connection presented no certificate that counts here.",
    remedy: "Present one that the system's authority issued, as with `--certificate FILE`.",
  },
  "client-certificate.not-mapped": {
    http: 401,
    ldap: 7,
    exit: 3,
    ...toAnyone,
    says: "Nobody signs in by certificate at this server.",
    remedy:
      "Sign in with a password, or have a SECADM run `gridward security set map-clients=true`.",
  },
  "credential.other-identity": {
    http: 401,
    ldap: 49,
    exit: 3,
    ...toOperator,
    says: "The certificate leads to another account than the one that was named.",
    remedy: "Name the account of the certificate, or none.",
  },
  "mapping.bad-key": {
    ...againstRule,
    ...toOperator,
    says: "A certificate is named by `sha256:` and its fingerprint, or by `email:`, `dns:` or `uri:` and a name in it.",
    remedy: "Correct it, or give the certificate itself with `--file`.",
  },
  "mapping.bad-file": {
    ...againstRule,
    ...toOperator,
    says: "There is no certificate in what was given.",
    remedy: "Give it in PEM, without its key.",
  },
  "mapping.exists": {
    ...alreadySo,
    ...toOperator,
    says: "It leads to an account already.",
    remedy: "Take it away from there first with `gridward account certificate remove`.",
  },
  "mapping.not-found": {
    ...notFound,
    ...toOperator,
    says: "No certificate of that kind leads to this account.",
    remedy: "Run `gridward account certificate list` to see what leads where.",
  },
  "mapping.too-many": {
    ...againstRule,
    ...toOperator,
    says: "As many certificates lead to this account as may.",
    remedy: "Remove one that is not used any more.",
  },
  "legacy.bad-address": {
    ...againstRule,
    ...toOperator,
    says: "A legacy peer is named by its IP address.",
    remedy: "Give the address that this server sees, such as 192.0.2.7.",
  },
  "legacy.bad-text": {
    ...againstRule,
    ...toOperator,
    says: "Owner and reason of a legacy peer are one line each of at most 256 characters.",
    remedy: "Say who answers for the peer, and why it can carry no certificate.",
  },
  "legacy.bad-end": {
    ...againstRule,
    ...toOperator,
    says: "A legacy peer is let in until a day in the future, at most two years from now.",
    remedy: "Choose such a day; it can be moved when it comes.",
  },
  "legacy.unchanged": {
    ...alreadySo,
    ...toOperator,
    says: "The legacy peer is on the list like that already.",
    remedy: "Nothing needs to be done.",
  },
  "legacy.not-found": {
    ...notFound,
    ...toOperator,
    says: "There is no such legacy peer on the list.",
    remedy: "Run `gridward security legacy list` to see all of them.",
  },
  "legacy.too-many": {
    ...againstRule,
    ...toOperator,
    says: "The list of legacy peers is as long as it may be.",
    remedy: "Remove those that are gone, or give them certificates.",
  },
} as const satisfies Record<string, RefusalSpec>;
