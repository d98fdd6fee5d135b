import {
  againstRule,
  alreadySo,
  faulty,
  notAllowed,
  toAnyone,
  toOperator,
  unavailable,
  wrongUse,
  type RefusalSpec,
} from "./refusal-spec.ts";

/** What stands in the way of a program on its own machine: files, ports, journal, keys, TLS. */
export const serverRefusals = {
  "disk.full": {
    http: 507,
    ldap: 52,
    exit: 1,
    ...toOperator,
    says: "The disk is full, so the change was not made.",
    remedy: "Free some space; sign-in goes on meanwhile.",
  },
  "disk.unreadable": {
    ...faulty,
    ...toOperator,
    says: "A file in the data directory cannot be read.",
    remedy:
      "Give it to the user who runs the server, or bring it back from a copy of the directory; " +
      "without one make the server anew with `gridward server init`, and let it join again.",
  },

  "journal.chain-broken": {
    ...faulty,
    ...toOperator,
    says: "The journal's chain of hashes is broken, so this database is not used.",
    remedy: "Keep the data directory and let this server join again as a Standby.",
  },
  "journal.digest-mismatch": {
    ...faulty,
    ...toOperator,
    says: "The state does not have the digest that the journal states.",
    remedy: "Keep the data directory and let this server join again as a Standby.",
  },
  "journal.older-than-control": {
    ...faulty,
    ...toOperator,
    says: "The journal is older than the control record beside it.",
    remedy: "Put the newer database back or let this server join again as a Standby.",
  },
  "journal.unlisted": {
    ...faulty,
    ...toOperator,
    says: "This database left the system's history at a place before its first entry.",
    remedy:
      "Look first whether it holds what the Main lacks; `gridward pair resync --local DIR` then puts it aside whole.",
  },
  "journal.unreadable": {
    ...faulty,
    ...toOperator,
    says: "The journal cannot be read.",
    remedy:
      "Get it anew from the Main with `gridward pair resync --local DIR`; " +
      "without a Main, restore a backup.",
  },
  "journal.unsupported": {
    ...faulty,
    ...toOperator,
    says: "The journal was written by another version of Gridward.",
    remedy: "Start the version that wrote it.",
  },
  "journal.wrong-incarnation": {
    ...faulty,
    ...toOperator,
    says: "The journal is not the one that the control record names.",
    remedy: "Put the right database back or let this server join again as a Standby.",
  },
  "control.unsupported": {
    ...faulty,
    ...toOperator,
    says: "The control record was written by another version of Gridward.",
    remedy: "Start the version that wrote it.",
  },
  "control.unreadable": {
    ...faulty,
    ...toOperator,
    says: "Neither slot of the control record can be read.",
    remedy:
      "Get everything anew from the Main with `gridward pair resync --local DIR`; " +
      "where that cannot be, restore a backup.",
  },

  "config.unreadable": {
    ...wrongUse,
    ...toAnyone,
    says: "The configuration cannot be read.",
    remedy: "Correct the line that is named.",
  },
  "config.unknown-key": {
    ...wrongUse,
    ...toAnyone,
    says: "The configuration has a key that does not exist.",
    remedy: "Correct or remove the key that is named.",
  },
  "config.bad-value": {
    ...wrongUse,
    ...toAnyone,
    says: "The configuration has a value that is not allowed.",
    remedy: "Correct the value that is named.",
  },
  "config.port-in-use": {
    ...faulty,
    ...toAnyone,
    says: "Another program listens on the port that is named.",
    remedy: "Stop it or choose another port; 0 switches a listener off.",
  },
  "config.port-not-allowed": {
    ...notAllowed,
    ...toAnyone,
    says: "The operating system does not let this program listen on the port that is named.",
    remedy: "Choose a port above 1023 or grant CAP_NET_BIND_SERVICE.",
  },
  "config.foreign-directory": {
    ...againstRule,
    ...toAnyone,
    says: "The data directory belongs to another system or another server.",
    remedy: "Name the right directory or an empty one.",
  },
  "config.not-initialised": {
    ...wrongUse,
    exit: 5,
    ...toAnyone,
    says: "There is no server in this directory.",
    remedy: "Run `gridward server init DIR --name A` first.",
  },
  "config.already-initialised": {
    ...againstRule,
    exit: 6,
    ...toAnyone,
    says: "This directory is not empty.",
    remedy: "Name a directory that is empty or does not exist.",
  },
  "config.already-running": {
    ...againstRule,
    exit: 6,
    ...toAnyone,
    says: "A program already runs on this directory.",
    remedy: "Stop it first; `gridward server status DIR` shows its process id.",
  },
  "repair.clock-behind": {
    ...againstRule,
    ...toAnyone,
    says: "A certificate of this server begins later than now, so the clock of this machine is behind.",
    remedy: "Set the clock right, and look again with `gridward doctor DIR`.",
  },
  "repair.revoked": {
    ...againstRule,
    ...toAnyone,
    says: "The certificate of this server was revoked: it does not make itself another.",
    remedy: "Remove the server with `gridward pair remove --name NAME`, and let a new one join.",
  },
  "config.not-running": {
    ...unavailable,
    ...toAnyone,
    says: "No program runs on this directory.",
    remedy: "Run `gridward server run DIR`.",
  },
  "config.wrong-passphrase": {
    ...wrongUse,
    ...toAnyone,
    says: "The passphrase does not open the file.",
    remedy: "Try again with the passphrase under which it was written.",
  },

  "security.unknown-key": {
    ...wrongUse,
    ...toOperator,
    says: "There is no such security setting.",
    remedy: "`gridward security show` lists them all.",
  },
  "security.bad-value": {
    ...wrongUse,
    ...toOperator,
    says: "The security setting cannot have this value.",
    remedy: "Choose one of those that are named; nothing was changed.",
  },
  "security.unchanged": {
    ...alreadySo,
    ...toOperator,
    says: "The security settings are so already.",
    remedy: "Nothing to do.",
  },
  "security.shuts-you-out": {
    ...againstRule,
    ...toOperator,
    says: "This change would shut you out: your own connection would not be taken under it.",
    remedy:
      "Come in as it demands, by `gridward login --certificate FILE` or over TLS 1.3, and order it again, or let another administrator do so; a setting can be ordered on the server with `--local DIR`.",
  },
  "security.sign-in-needed": {
    ...againstRule,
    ...toOperator,
    says: "This change may shut administrators out: it stays when one has signed in under it, here and over a new connection.",
    remedy:
      "Run `gridward security confirm`, which signs in anew; on the server itself `gridward security confirm --local DIR` needs no sign-in.",
  },
  "security.trial-under-way": {
    ...againstRule,
    ...toOperator,
    says: "A change that may shut administrators out is on trial here; there is one at a time.",
    remedy:
      "Keep it with `gridward security confirm`, set it back, or wait a minute: then it was taken back.",
  },
  "security.nothing-to-confirm": {
    ...alreadySo,
    ...toOperator,
    says: "No change of the security settings waits to be confirmed.",
    remedy: "Run `gridward security show`: it was taken back, confirmed or never made.",
  },
  "security.seal-broken": {
    ...faulty,
    ...toOperator,
    says: "A sealed secret cannot be opened with this system's key.",
    remedy: "Run `gridward doctor DIR` for the rows that are concerned.",
  },
  "security.certificate-required": {
    ...notAllowed,
    ldap: 8,
    ...toAnyone,
    says: "This needs a client certificate of this system.",
    remedy: "Present the certificate that was issued to you.",
  },
  "security.certificate-rejected": {
    ...notAllowed,
    ldap: 8,
    ...toAnyone,
    says: "The client certificate is not accepted.",
    remedy: "Run `gridward security explain HOST:PORT` on the server for the cause.",
  },
  "security.untrusted-server": {
    ...notAllowed,
    exit: 8,
    ...toAnyone,
    says: "The server's certificate is not trusted, so nothing was sent.",
    remedy: "Name the right `--ca FILE` or check the fingerprint with the server's owner.",
  },
  "security.tls-required": {
    ...notAllowed,
    ldap: 13,
    ...toAnyone,
    says: "This needs a connection under TLS.",
    remedy: "Connect with ldaps:// or https://.",
  },
} as const satisfies Record<string, RefusalSpec>;
