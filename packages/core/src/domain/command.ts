import type { AccountId, DeviceId, GroupId, NodeId, RequestId, Sealed } from "../base/identity.ts";
import type { Instant } from "../base/time.ts";
import type { RevocationReason } from "./revocation-reason.ts";
import type {
  AccessPoint,
  Actor,
  AuthorityRequest,
  AuthorityRow,
  BackupPlace,
  ChangeSetRow,
  CodeCredential,
  CertificateRow,
  CrlRow,
  GraceUse,
  PairRow,
  PolicyRow,
  RightRow,
  RoleAssignment,
  RoleId,
  ServerRow,
  SetAsideRow,
  WitnessRow,
} from "./types.ts";

/**
 * A request to change something, in the imperative. Commands come with everything that `decide`
 * may not make itself: fresh ids, the time, sealed secrets. Ids are 26 characters of Crockford
 * base 32 (see ids in runtime/os); names are checked by `decide`.
 */
export type Command =
  | {
      readonly kind: "create-system";
      readonly systemId: string;
      readonly base: string;
      readonly site: string;
      readonly replicaKey: Sealed;
      readonly authority: AuthorityRow;
      readonly certificates: readonly CertificateRow[];
      readonly server: ServerRow;
      readonly administrator: {
        readonly id: AccountId;
        readonly name: string;
        readonly code: { readonly verifier: Sealed; readonly expiresAt: Instant };
      };
    }
  | {
      readonly kind: "create-account";
      readonly id: AccountId;
      readonly name: string;
      readonly displayName: string;
      readonly roles: readonly RoleAssignment[];
      readonly groups: readonly GroupId[];
      readonly policy: string;
      readonly password: NewPassword | null;
      readonly mustChange: boolean;
    }
  | {
      readonly kind: "update-account";
      readonly id: AccountId;
      readonly displayName?: string;
      readonly roles?: readonly RoleAssignment[];
      readonly policy?: string;
    }
  | {
      readonly kind: "enable-account" | "disable-account" | "delete-account" | "unlock-account";
      readonly id: AccountId;
    }
  /** AM6: many accounts in one change, all or none. `id` is what it is undone by. */
  | {
      readonly kind: "change-accounts";
      readonly id: string;
      readonly what: ChangeSetRow["what"];
      readonly changes: readonly AccountChange[];
    }
  | { readonly kind: "undo-change-set"; readonly id: string }
  | { readonly kind: "lock-account"; readonly id: AccountId; readonly until: Instant }
  /** A sign-in after the end of the password of that version, counted by the server that orders. */
  | {
      readonly kind: "use-grace";
      readonly id: AccountId;
      readonly version: number;
      readonly use: GraceUse;
    }
  /** By an administrator: the account must change it at the next sign-in unless told otherwise. */
  | {
      readonly kind: "set-password";
      readonly id: AccountId;
      readonly password: NewPassword;
      readonly mustChange: boolean;
    }
  /** By the account itself, after its present password or one-time code was verified. */
  | { readonly kind: "change-password"; readonly id: AccountId; readonly password: NewPassword }
  | {
      readonly kind: "issue-code";
      readonly id: AccountId;
      readonly verifier: Sealed;
      readonly expiresAt: Instant;
    }
  | { readonly kind: "end-session"; readonly id: string; readonly expiresAt: Instant }
  | {
      readonly kind: "create-group";
      readonly id: GroupId;
      readonly name: string;
      readonly description: string;
    }
  | { readonly kind: "delete-group"; readonly id: GroupId }
  | {
      readonly kind:
        | "join-group"
        | "leave-group"
        | "deny-in-group"
        | "lift-deny-in-group"
        | "admit-administrator";
      readonly id: GroupId;
      readonly account: AccountId;
    }
  | { readonly kind: "set-policy"; readonly policy: PolicyRow }
  /** One cell of a role-to-right map (AM2). */
  | {
      readonly kind: "set-right";
      readonly map: string;
      readonly right: string;
      readonly role: RoleId;
      readonly level: "full" | "read" | "none";
    }
  /** The whole map; `of` is the revision it was made from, null: whatever stands there. */
  | {
      readonly kind: "replace-rights";
      readonly map: string;
      readonly of: number | null;
      readonly rights: readonly RightRow[];
    }
  | {
      readonly kind: "create-role";
      readonly role: RoleId;
      readonly name: string;
      readonly description: string;
    }
  | { readonly kind: "delete-role"; readonly role: RoleId }
  | {
      readonly kind: "register-devices";
      readonly devices: readonly NewDevice[];
      readonly group: GroupId;
    }
  | {
      readonly kind: "issue-device-code";
      readonly id: DeviceId;
      readonly verifier: Sealed;
      readonly expiresAt: Instant;
    }
  | {
      readonly kind: "enrol-device";
      readonly id: DeviceId;
      readonly certificate: CertificateRow;
      /** The certificate itself, DER in base64: becomes the answer, so that a retry gets it too. */
      readonly encoded?: string;
    }
  /** With the certificate that the device showed, by its serial number. `encoded` as above. */
  | {
      readonly kind: "renew-device";
      readonly id: DeviceId;
      readonly of: string;
      readonly certificate: CertificateRow;
      readonly encoded?: string;
    }
  /** By the server that saw the device in use of what it renewed to, by its serial number. */
  | { readonly kind: "confirm-renewal"; readonly id: DeviceId; readonly serial: string }
  /** CS14: it shows a certificate of the authority with which it is not enrolled. */
  | { readonly kind: "admit-device"; readonly id: DeviceId; readonly certificate: CertificateRow }
  /** By the server itself: what it issued to itself, for its TLS key and its replica signer. */
  | {
      readonly kind: "renew-server";
      readonly id: NodeId;
      readonly certificates: readonly CertificateRow[];
    }
  /** To a third party. `encoded` as with enrol-device. */
  | {
      readonly kind: "issue-certificate";
      readonly certificate: CertificateRow;
      readonly encoded?: string;
    }
  | {
      readonly kind: "revoke-certificate";
      readonly serial: string;
      readonly reason: RevocationReason;
    }
  /** CS13: whoever presents such a certificate may sign in as this account. */
  | { readonly kind: "map-certificate"; readonly key: string; readonly account: AccountId }
  | { readonly kind: "unmap-certificate"; readonly key: string }
  /** CS7: this peer is served without a certificate, where `legacy` is set. */
  | {
      readonly kind: "allow-legacy-peer";
      readonly address: string;
      readonly owner: string;
      readonly reason: string;
      readonly until: Instant;
    }
  | { readonly kind: "remove-legacy-peer"; readonly address: string }
  /** For an authority that somebody else certifies (PK1); its key is journalled sealed. */
  | { readonly kind: "request-authority"; readonly request: AuthorityRequest }
  | { readonly kind: "withdraw-authority-request" }
  /** Trusted beside the issuing one from now on, and issuing nothing yet (PK7). */
  | {
      readonly kind: "start-roll-over";
      readonly authority: AuthorityRow;
      readonly certificate: CertificateRow;
    }
  /** The next authority issues from now on; then the former one is believed no more. */
  | { readonly kind: "switch-authority" | "retire-authority" }
  | { readonly kind: "publish-crl"; readonly crl: CrlRow }
  | { readonly kind: "set-replication"; readonly id: DeviceId; readonly enabled: boolean }
  | {
      readonly kind: "issue-invite";
      readonly name: string;
      /** Absent: it may be promoted. */
      readonly serverKind?: "permanent";
      readonly secret: Sealed;
      readonly expiresAt: Instant;
    }
  | { readonly kind: "spend-invite-try"; readonly name: string }
  | {
      readonly kind: "join-server";
      readonly server: ServerRow;
      readonly certificates: readonly CertificateRow[];
    }
  /** After the witness took the register of this Main (HS7). */
  | { readonly kind: "add-witness"; readonly witness: WitnessRow }
  | { readonly kind: "remove-witness" }
  /** By the server in whose set-aside file it is (HS9). */
  | { readonly kind: "record-set-aside"; readonly row: SetAsideRow }
  | {
      readonly kind: "reapply-set-aside" | "reject-set-aside";
      readonly id: string;
      readonly reason: string;
    }
  | {
      readonly kind: "set-server-address";
      readonly id: NodeId;
      readonly address: string;
      readonly backup: string | null;
    }
  | { readonly kind: "remove-server"; readonly id: NodeId }
  | { readonly kind: "start-term"; readonly pair: PairRow }
  | { readonly kind: "set-recovery-key"; readonly publicKey: string }
  /** First entry after a restore, written by the program that restores. */
  | {
      readonly kind: "restore-system";
      readonly term: number;
      readonly owner: NodeId;
      readonly backup: BackupPlace;
      readonly replaced: { readonly term: number; readonly seq: number } | null;
      /** Set when this server was not in the backup. */
      readonly server: ServerRow | null;
      readonly certificates: readonly CertificateRow[];
    }
  | {
      readonly kind: "change-ack-set";
      readonly ackSet: readonly NodeId[];
      readonly unprotected: { readonly since: Instant; readonly reason: string } | null;
    }
  | { readonly kind: "digest-state"; readonly seq: number; readonly digest: string };

export type CommandKind = Command["kind"];

/** A password that passed preparation (RFC 8265) and was hashed and sealed by the caller. */
export interface NewPassword {
  readonly verifier: Sealed;
  /** What the policy needs to know, so that `decide` never sees the password. */
  readonly length: number;
  readonly classes: number;
  /** True when it equals the present or a remembered password (checked by the caller). */
  readonly repeats: boolean;
}

export interface NewDevice {
  readonly id: DeviceId;
  readonly name: string;
  readonly manufacturer: string;
  readonly type: string;
  readonly accessPoints: readonly AccessPoint[];
  readonly area: string;
}

/**
 * One account of a change set. `seen` is when the account had changed last as the order was made:
 * what was changed since is not overwritten.
 */
export type AccountChange =
  | {
      readonly kind: "create";
      readonly id: AccountId;
      readonly name: string;
      readonly displayName: string;
      readonly roles: readonly RoleAssignment[];
      readonly groups: readonly GroupId[];
      readonly policy: string;
      readonly enabled: boolean;
      readonly code: CodeCredential | null;
    }
  | {
      readonly kind: "update";
      readonly id: AccountId;
      readonly seen: Instant;
      readonly displayName?: string;
      readonly roles?: readonly RoleAssignment[];
      readonly groups?: readonly GroupId[];
      readonly policy?: string;
      readonly enabled?: boolean;
    }
  | { readonly kind: "delete" | "unlock"; readonly id: AccountId; readonly seen: Instant };

/** A command with who asks, and the id under which a retry is recognised. */
export interface ChangeOrder {
  readonly command: Command;
  readonly actor: Actor;
  readonly requestId: RequestId;
}

/** An order at the moment when it is judged. */
export interface Submission extends ChangeOrder {
  readonly at: Instant;
}
