import {
  againstRule,
  alreadySo,
  notFound,
  signInRefused,
  toAnyone,
  toOperator,
  unavailable,
  type RefusalSpec,
} from "./refusal-spec.ts";

/** The system, its servers, the pair and invitations to it. */
export const pairRefusals = {
  "system.blank": {
    ...unavailable,
    ...toAnyone,
    says: "This server belongs to no system yet.",
    remedy: "Run `gridward system create --local DIR` or `gridward server join DIR`.",
  },
  "system.exists": {
    ...alreadySo,
    ...toOperator,
    says: "This server already belongs to a system.",
    remedy: "Use an empty data directory for a new system.",
  },
  "system.bad-value": {
    ...againstRule,
    ldap: 19,
    ...toOperator,
    says: "The base must be a distinguished name, and it and the site name are short, on one line.",
    remedy: "Correct the value that is named.",
  },

  "pair.not-main": {
    ...unavailable,
    exit: 9,
    ...toAnyone,
    says: "Only the Main can do this, and this server is not the Main.",
    remedy: "Send it to the Main or run `gridward pair status` to see where it is.",
  },
  "pair.draining": {
    ...unavailable,
    exit: 9,
    ...toAnyone,
    says: "A changeover is under way.",
    remedy: "Try again in some seconds.",
  },
  "pair.waiting": {
    ...unavailable,
    exit: 9,
    ...toAnyone,
    says: "The Main waits for its Standby before it confirms changes.",
    remedy: "Try again in some seconds or run `gridward pair status`.",
  },
  "pair.read-only": {
    ...unavailable,
    exit: 9,
    ...toAnyone,
    says: "The Main takes no changes now.",
    remedy: "Run `gridward server status DIR` to see the reason.",
  },
  "pair.fenced": {
    ...unavailable,
    exit: 9,
    ...toAnyone,
    says: "Another server became Main, so this one writes nothing.",
    remedy: "Run `gridward pair status` to see which server is Main.",
  },
  "pair.diverged": {
    ...againstRule,
    ...toOperator,
    says: "The system went on without changes that this server holds.",
    remedy: "Let it reach the Main: its changes are set aside, and it becomes Standby by itself.",
  },
  "pair.blank": {
    ...againstRule,
    ...toOperator,
    says: "This server has no database, so it cannot become Main.",
    remedy: "Run `gridward server join DIR` to make it a Standby first.",
  },
  "pair.database-invalid": {
    ...againstRule,
    ...toOperator,
    says: "The database of this server is not valid, so it cannot become Main.",
    remedy: "Run `gridward doctor DIR` for the reason, or let the server join again.",
  },
  "pair.incomplete": {
    ...againstRule,
    ...toOperator,
    says: "The database of this server may lack confirmed changes, so it cannot become Main.",
    remedy: "Bring the Main back; `gridward pair status` shows what is missing.",
  },
  "pair.other-holds-more": {
    ...againstRule,
    ...toOperator,
    says: "Another Standby that may be promoted holds changes that this one lacks.",
    remedy:
      "Promote that one: `gridward server status` on each shows its position. " +
      "If it cannot be, add `--force` here; what only it holds is set aside.",
  },
  "pair.main-answers": {
    ...againstRule,
    ...toOperator,
    says: "The Main answers, or did a moment ago, so there is nothing to take over.",
    remedy:
      "Run `gridward pair changeover --to NAME` instead. If the Main is off, try again in some seconds.",
  },
  "pair.busy": {
    ...againstRule,
    ...toOperator,
    says: "The Main is in the middle of something else.",
    remedy: "Wait until `gridward pair status` says main-protected and try again.",
  },
  "pair.target-not-valid": {
    ...againstRule,
    ...toOperator,
    says: "The target of the changeover is not a valid Standby.",
    remedy: "Wait until `gridward pair status` says standby-valid for it.",
  },
  "pair.direction-refused": {
    ...againstRule,
    ...toOperator,
    says: "One direction of the link was not accepted, so a changeover would cut the pair.",
    remedy: "Run `gridward pair status`: it names the direction, the cause and what to mend.",
  },
  "pair.behind-standby": {
    ...againstRule,
    ...toOperator,
    says: "The Standby holds changes that this Main lost, so this Main takes no new ones.",
    remedy: "Stop this server, then run `gridward pair promote` on the Standby.",
  },
  "pair.changeover-failed": {
    ...unavailable,
    exit: 10,
    ...toOperator,
    says: "The Standby did not take over in time, so the Main goes on.",
    remedy: "Run `gridward pair status` and try again when the Standby is valid.",
  },
  "pair.changeover-unknown": {
    ...unavailable,
    exit: 10,
    ...toOperator,
    says: "The Standby did not say in time whether it took over.",
    remedy: "Run `gridward pair status` on both servers to see which is Main.",
  },
  "pair.already-main": {
    ...alreadySo,
    ...toOperator,
    says: "This server is already Main.",
    remedy: "Nothing needs to be done.",
  },
  "pair.unchanged": {
    ...alreadySo,
    ...toOperator,
    says: "The pair is already as ordered.",
    remedy: "Nothing needs to be done.",
  },
  "pair.already-mode": {
    ...alreadySo,
    ...toOperator,
    says: "The pair is in this mode already.",
    remedy: "Nothing needs to be done.",
  },
  "pair.maintenance-main": {
    ...againstRule,
    ...toOperator,
    says: "A Main cannot be taken out for maintenance.",
    remedy: "Run `gridward pair changeover --to NAME` first.",
  },
  "pair.no-witness": {
    ...againstRule,
    ...toOperator,
    says: "The system has no witness.",
    remedy: "Run `gridward witness init` on a third machine, then `gridward pair witness add`.",
  },
  "pair.too-many-for-pair": {
    ...againstRule,
    ...toOperator,
    says: "In pair mode exactly two servers share the right to be Main.",
    remedy: "Use the witness mode with more than two servers that may be promoted.",
  },
  "pair.mode-unchanged": {
    ...unavailable,
    exit: 10,
    ...toOperator,
    says: "The mode could not be switched in time, so it is as it was.",
    remedy: "Run `gridward pair status`; switch when the Standby and the witness answer.",
  },
  "pair.witness-silent": {
    ...unavailable,
    exit: 10,
    ...toOperator,
    says: "The witness did not answer, so nobody knows whether this server may be Main.",
    remedy: "Bring back the witness. If the Main is lost, use `gridward pair promote --force`.",
  },
  "pair.old-term": {
    ...againstRule,
    ...toOperator,
    says: "The term is not higher than the one in force.",
    remedy: "Run `gridward pair status` to see which server is Main.",
  },
  "pair.bad-ack-set": {
    ...againstRule,
    ...toOperator,
    says: "The ack set holds the owner of the term and only servers that may be promoted.",
    remedy: "Run `gridward pair status` to see the servers.",
  },
  "pair.unknown-outcome": {
    ...unavailable,
    exit: 9,
    ...toAnyone,
    says: "The Main was replaced or lost before it confirmed this change: it may be done or not.",
    remedy: "Send it again with the same request id: it is done once at most.",
  },
  "pair.server-not-found": {
    ...notFound,
    ...toOperator,
    says: "There is no server of this name.",
    remedy: "Run `gridward pair status` to see the servers.",
  },
  "pair.name-taken": {
    ...alreadySo,
    ...toOperator,
    says: "A server of this name is already part of the system.",
    remedy: "Give the new server another name with `gridward server init DIR --name NAME`.",
  },
  "pair.host-of-device": {
    ...againstRule,
    ...toOperator,
    says: "A device has this name or address, and its certificate would do for the server.",
    remedy: "Give the server another; `gridward device list` shows what devices are called.",
  },
  "pair.bad-name": {
    ...againstRule,
    ldap: 19,
    ...toOperator,
    says: "A server name has 1 to 64 characters of letters, digits, dot, hyphen and underscore.",
    remedy: "Choose a name that starts with a letter or a digit.",
  },
  "pair.partner-silent": {
    ...unavailable,
    ...toOperator,
    says: "The other server does not answer over the partner link.",
    remedy: "Run `gridward pair status` to see why, or ask that server itself.",
  },
  "pair.own-setting": {
    ...againstRule,
    ...toOperator,
    says: "This is no setting that can be copied: names, addresses, ports, directories are each server's own.",
    remedy: "Run `gridward pair settings diff` to see which can be copied.",
  },
  "pair.own-certificate": {
    ...againstRule,
    ...toOperator,
    says: "The setting names a certificate of this server, whose key no other server has.",
    remedy:
      "Set it at the partner itself, `gridward security set client-certificate=… --server URL`, to one " +
      "of its own list or to automatic.",
  },
  "pair.bad-address": {
    ...againstRule,
    ldap: 19,
    ...toOperator,
    says: "This is no host or address under which a partner can be dialled.",
    remedy: "Give a host name or an IP address, and a backup that differs from it.",
  },
  "pair.too-many-promotable": {
    ...againstRule,
    ...toOperator,
    says: "A system has at most three servers that may be Main.",
    remedy:
      "Make it a permanent Standby: `gridward pair invite --name NAME --permanent`. " +
      "One that is gone for good gives up its place: `gridward pair remove --name NAME`.",
  },
  "pair.too-many-permanent": {
    ...againstRule,
    ...toOperator,
    says: "A system has at most four permanent Standbys.",
    remedy:
      "Use one that is there; `gridward pair status` shows them. " +
      "One that is gone for good gives up its place: `gridward pair remove --name NAME`.",
  },
  "pair.third-in-pair-mode": {
    ...againstRule,
    ...toOperator,
    says: "In pair mode exactly two servers share the right to be Main.",
    remedy: "Run `gridward pair mode witness` first, or invite it with `--permanent`.",
  },
  "pair.permanent": {
    ...againstRule,
    ...toOperator,
    says: "A permanent Standby follows for ever and never becomes Main, not even by force.",
    remedy:
      "Use a server that may be promoted; `gridward pair status` shows which. " +
      "If all are lost, restore a backup in a new directory: `gridward server init DIR`.",
  },
  "pair.remove-main": {
    ...againstRule,
    ...toOperator,
    says: "The Main cannot be removed.",
    remedy:
      "Run `gridward pair changeover --to NAME` first; if it is lost, `gridward pair promote` " +
      "on a Standby, and remove it there.",
  },
  "pair.remove-counted": {
    ...againstRule,
    ...toOperator,
    says: "This server is in the ack set: changes wait for it, so it cannot be removed.",
    remedy:
      "If it runs, take it out there: `gridward pair maintenance on --local DIR`. If it is off, " +
      "the Main lets it go by itself after some seconds; in pair mode run " +
      "`gridward pair promote --force --local DIR` on the Main.",
  },
  "pair.remove-last": {
    ...againstRule,
    ...toOperator,
    says: "No other server that may be Main would be left beside the Main, which only manual mode allows.",
    remedy: "Run `gridward pair mode manual` first.",
  },
  "pair.removed": {
    ...againstRule,
    ...toOperator,
    says: "This server was removed from the system, and does not come back as who it was.",
    remedy:
      "Make it a new one in an empty directory: `gridward server init DIR --name NAME`, " +
      "`gridward server run DIR`, and `gridward server join DIR` with a new code.",
  },
  "pair.foreign-system": {
    ...againstRule,
    ...toOperator,
    says: "The other server belongs to another system.",
    remedy: "Check the address of the partner.",
  },

  "invite.rejected": {
    ...signInRefused,
    ...toAnyone,
    says: "The join code is not accepted: it is wrong, was used or replaced, or is of another server.",
    remedy: "Run `gridward pair invite --name B` on the Main for a new one.",
  },
  "invite.malformed": {
    ...signInRefused,
    exit: 2,
    ...toAnyone,
    says: "This is not a join code.",
    remedy: "Copy the whole code that `gridward pair invite` printed.",
  },
  "invite.mistyped": {
    ...signInRefused,
    exit: 2,
    ...toAnyone,
    says: "The join code has a typing error.",
    remedy: "Copy the whole code that `gridward pair invite` printed.",
  },
  "invite.unreachable": {
    ...unavailable,
    ...toAnyone,
    says: "The Main that the join code names does not answer on its link port.",
    remedy: "Check that it runs, and the address, port and firewall between the two servers.",
  },
  "invite.broken-off": {
    ...unavailable,
    exit: 10,
    ...toAnyone,
    says: "The connection to the Main broke, so it is unknown whether this server joined.",
    remedy: "Run the same command again with the same code.",
  },
  "invite.bad-certificate": {
    ...againstRule,
    ...toAnyone,
    says: "The Main issued a certificate that this server cannot use, so it did not join.",
    remedy: "Compare the clocks of both servers and ask for a new code.",
  },
  "invite.expired": {
    ...signInRefused,
    ...toOperator,
    says: "The join code is past its time.",
    remedy: "Run `gridward pair invite --name B` on the Main for a new one.",
  },
  "invite.spent": {
    ...signInRefused,
    ...toOperator,
    says: "The join code has no tries left.",
    remedy: "Run `gridward pair invite --name B` on the Main for a new one.",
  },
  "invite.not-found": {
    ...signInRefused,
    ...toOperator,
    says: "No invitation is open for a server of this name: it was used, replaced or never made.",
    remedy: "Run `gridward pair invite --name B` on the Main.",
  },
  "invite.bad-end": {
    ...againstRule,
    ...toOperator,
    says: "A join code ends in the future and lasts at most one day.",
    remedy: "Choose an earlier end.",
  },
} as const satisfies Record<string, RefusalSpec>;
