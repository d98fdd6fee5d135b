import {
  againstRule,
  alreadySo,
  notFound,
  toAnyone,
  toOperator,
  unavailable,
  type RefusalSpec,
} from "./refusal-spec.ts";

/** What the authority issues, revokes and lists. */
export const certificateRefusals = {
  "certificate.wrong-profile": {
    ...againstRule,
    ...toOperator,
    says: "The certificate is not of the profile that this needs.",
    remedy: "Run `gridward ca list` to see the certificates and their profiles.",
  },
  "certificate.exists": {
    ...alreadySo,
    ...toOperator,
    says: "A certificate with this serial number exists.",
    remedy: "Issue it again with a new serial number.",
  },

  "certificate.not-yet-valid": {
    ...againstRule,
    ...toOperator,
    says: "The new certificate of a server begins later than now, by the clock of the Main.",
    remedy: "Compare the clocks of both servers, and set the wrong one right.",
  },
  "certificate.not-found": {
    ...notFound,
    ...toOperator,
    says: "The authority issued no such certificate.",
    remedy: "Run `gridward ca list` to see all certificates with their serial numbers.",
  },
  "certificate.ambiguous": {
    ...againstRule,
    ...toOperator,
    says: "Several valid certificates have this name.",
    remedy: "Name one of the serial numbers that are listed.",
  },
  "certificate.bad-name": {
    ...againstRule,
    ...toOperator,
    says: "The name of a certificate is 1 to 64 characters on one line.",
    remedy: "Choose a shorter name.",
  },
  "certificate.bad-host": {
    ...againstRule,
    ...toOperator,
    says: "This profile needs host names or addresses under which it is dialled, and each must be one.",
    remedy: "Name each with `--host`, such as `--host ftp.example.org --host 192.0.2.7`.",
  },
  "certificate.bad-mail": {
    ...againstRule,
    ...toOperator,
    says: "This is no mail address, or the profile carries none.",
    remedy: "Give `--email` for a person or an engineering tool only, such as anna@example.org.",
  },
  "certificate.bad-password": {
    ...againstRule,
    ...toOperator,
    says: "The password of the file is 8 to 64 characters, each of them printable ASCII.",
    remedy: "Choose another, or leave it out and one is made and shown once.",
  },
  "certificate.needs-password": {
    ...againstRule,
    ...toOperator,
    says: "A PKCS#12 file is never written without a password.",
    remedy: "Leave `--no-password` out, or write a .pem file.",
  },
  "certificate.key-gone": {
    ...alreadySo,
    ...toOperator,
    says: "The certificate was issued, but its key was in the answer that was lost.",
    remedy: "Revoke it with `gridward ca revoke SERIAL --reason superseded` and issue another.",
  },
  "certificate.already-revoked": {
    ...alreadySo,
    ...toOperator,
    says: "The certificate is revoked already.",
    remedy: "Nothing needs to be done.",
  },
  "certificate.of-authority": {
    ...againstRule,
    ...toOperator,
    says: "The certificate of an authority is not revoked on its own list.",
    remedy: "Revoke what it issued.",
  },
  "certificate.last-of-server": {
    ...againstRule,
    ...toOperator,
    says: "It is the only valid certificate of a server of the system, which all others would refuse.",
    remedy: "Take the server out of the system with `gridward pair remove --name NAME`.",
  },
  "certificate.list-full": {
    ...againstRule,
    ...toOperator,
    says: "The revocation list names as many certificates as it may.",
    remedy: "Wait until some of them have expired.",
  },
  "certificate.list-overtaken": {
    ...alreadySo,
    ...toOperator,
    says: "Another revocation list was made, or a certificate was revoked meanwhile.",
    remedy: "Nothing needs to be done; the Main makes the next list.",
  },
  "authority.under-way": {
    ...alreadySo,
    ...toOperator,
    says: "The system changes over to another authority already.",
    remedy: "Run `gridward ca roll-over show` to see how far it is, and finish that one first.",
  },
  "authority.no-next": {
    ...againstRule,
    ...toOperator,
    says: "There is no next authority to change over to.",
    remedy: "Run `gridward ca roll-over start` first.",
  },
  "authority.too-new": {
    ...againstRule,
    ...toOperator,
    says: "The next authority is not an hour old: devices may not know it yet.",
    remedy: "Wait for the time that is named, and see that devices are connected.",
  },
  "authority.no-former": {
    ...alreadySo,
    ...toOperator,
    says: "There is no former authority to give up.",
    remedy: "Nothing needs to be done; `gridward ca roll-over show` tells how far it is.",
  },
  "authority.in-use": {
    ...againstRule,
    ...toOperator,
    says: "Servers or devices are still known by certificates of the former authority.",
    remedy:
      "They renew within an hour of reaching a server; for one that does not, make a package " +
      "with `gridward device package NAME --out FILE`.",
  },
  "certificate.no-list": {
    ...unavailable,
    ...toAnyone,
    says: "The authority has not made a revocation list yet.",
    remedy: "Wait until there is a Main; it makes one at once.",
  },
} as const satisfies Record<string, RefusalSpec>;
