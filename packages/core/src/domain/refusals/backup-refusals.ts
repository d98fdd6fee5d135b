import { againstRule, alreadySo, toOperator, wrongUse, type RefusalSpec } from "./refusal-spec.ts";

/** A check of a file that found something wrong in it. */
const foundWrong = { http: 422, ldap: 53, exit: 12 } as const;

/** What stands in the way of a backup, its check or its restoring. */
export const backupRefusals = {
  "backup.no-key": {
    ...againstRule,
    ...toOperator,
    says: "There is no recovery key, so nobody could open a backup.",
    remedy: "Run `gridward backup key create`, write the key down and type it back.",
  },
  "backup.bad-key": {
    ...wrongUse,
    ...toOperator,
    says: "This is no recovery key.",
    remedy: "Type the eight groups of four characters that `gridward backup key create` showed.",
  },
  "backup.mistyped-key": {
    ...wrongUse,
    ...toOperator,
    says: "There is a typing error in the recovery key.",
    remedy: "Compare it with the paper, group by group, and type it again.",
  },
  "backup.key-unchanged": {
    ...alreadySo,
    ...toOperator,
    says: "Backups are sealed to this recovery key already.",
    remedy: "Nothing to do.",
  },
  "backup.wrong-key": {
    ...againstRule,
    ...toOperator,
    says: "The backup was sealed to another recovery key.",
    remedy:
      "Use the key that was valid when the backup was made: " +
      "`gridward backup verify FILE --without-key` shows its mark.",
  },
  "backup.not-a-backup": {
    ...wrongUse,
    ...toOperator,
    says: "The file is no backup of Gridward.",
    remedy: "Name a file that `gridward backup create` or the schedule wrote.",
  },
  "backup.other-format": {
    ...foundWrong,
    ...toOperator,
    says: "The backup has a format that this version does not read.",
    remedy: "Use the version of Gridward that wrote it.",
  },
  "backup.cut-short": {
    ...foundWrong,
    ...toOperator,
    says: "The backup ends early: it was never finished, or copied only in part.",
    remedy: "Copy it again, or take another backup.",
  },
  "backup.damaged": {
    ...foundWrong,
    ...toOperator,
    says: "The backup was changed since it was written.",
    remedy: "Copy it again, or take another backup.",
  },
  "backup.file-exists": {
    ...alreadySo,
    ...toOperator,
    says: "There is a file of that name already.",
    remedy: "Choose another name; a backup never replaces a file.",
  },
  "backup.bad-file": {
    ...wrongUse,
    ...toOperator,
    says: "The file or its directory cannot be used.",
    remedy: "Check the name, and who may read and write there.",
  },
  "backup.disk-full": {
    http: 507,
    ldap: 52,
    exit: 1,
    ...toOperator,
    says: "The disk for the backup is full, so there is no backup.",
    remedy: "Free some space or choose another directory; the server goes on meanwhile.",
  },
  "backup.not-complete": {
    ...againstRule,
    ...toOperator,
    says: "This server does not hold the whole database, so it makes no backup.",
    remedy: "Ask the Main or a valid Standby.",
  },
  "backup.busy": {
    ...alreadySo,
    ...toOperator,
    says: "A backup is being written.",
    remedy: "Wait until it is done.",
  },
  "backup.other-system": {
    ...againstRule,
    ...toOperator,
    says: "The backup is of another system than this server.",
    remedy: "Choose a backup of this system, or restore into a server that was just initialised.",
  },
  "resync.sound": {
    ...alreadySo,
    ...toOperator,
    says: "The database of this server is sound, so it is not put aside.",
    remedy: "Nothing to do: run `gridward server run DIR`.",
  },
  "resync.no-partner": {
    ...againstRule,
    ...toOperator,
    says: "This server knows no other server that could give it the database.",
    remedy: "Restore a backup: `gridward backup restore FILE --into DIR`.",
  },
} as const satisfies Record<string, RefusalSpec>;
