import type { AccountId, DeviceId, GroupId, NodeId, Sealed } from "../base/identity.ts";
import type { Instant } from "../base/time.ts";
import type { ArbitrationMode } from "./arbitration-mode.ts";
import type { RevocationReason } from "./revocation-reason.ts";
import type {
  AccountRow,
  AuthorityRequest,
  AuthorityRow,
  BackupPlace,
  CertificateRow,
  ChangeSetRow,
  CodeCredential,
  CrlRow,
  GraceUse,
  DeviceRow,
  GroupRow,
  InviteRow,
  Judgement,
  LegacyPeerRow,
  MappingRow,
  PairRow,
  PasswordCredential,
  PolicyRow,
  PrivateRoleRow,
  RightsMapRow,
  RoleAssignment,
  RoleId,
  ServerRow,
  SetAsideRow,
  SystemRow,
  WitnessRow,
} from "./types.ts";

/** What happened, in the past tense. The whole content of a journal entry; never SQL. */
export type Fact =
  | { readonly kind: "system-created"; readonly system: SystemRow }
  | { readonly kind: "authority-created"; readonly authority: AuthorityRow }
  | { readonly kind: "authority-requested"; readonly request: AuthorityRequest }
  /** It was certified, or given up. */
  | { readonly kind: "authority-request-closed"; readonly id: string }
  /** Of the one that issued, and of the one that issues from now on. */
  | { readonly kind: "authority-switched"; readonly from: string; readonly to: string }
  | { readonly kind: "authority-retired"; readonly id: string }
  | { readonly kind: "certificate-issued"; readonly certificate: CertificateRow }
  | {
      readonly kind: "certificate-revoked";
      readonly serial: string;
      readonly reason: RevocationReason;
      readonly by: string;
    }
  | { readonly kind: "crl-published"; readonly crl: CrlRow }
  | { readonly kind: "certificate-mapped"; readonly mapping: MappingRow }
  | { readonly kind: "certificate-unmapped"; readonly key: string }
  | { readonly kind: "legacy-peer-allowed"; readonly peer: LegacyPeerRow }
  | { readonly kind: "legacy-peer-removed"; readonly address: string }
  | { readonly kind: "policy-set"; readonly policy: PolicyRow }
  | { readonly kind: "rights-set"; readonly map: RightsMapRow }
  | { readonly kind: "role-named"; readonly role: PrivateRoleRow }
  | { readonly kind: "role-name-removed"; readonly role: RoleId }
  | { readonly kind: "account-created"; readonly account: AccountRow }
  | {
      readonly kind: "account-updated";
      readonly id: AccountId;
      readonly displayName: string;
      readonly roles: readonly RoleAssignment[];
      readonly policy: string;
    }
  | { readonly kind: "account-enabled"; readonly id: AccountId }
  | { readonly kind: "account-disabled"; readonly id: AccountId }
  | { readonly kind: "account-deleted"; readonly id: AccountId }
  | { readonly kind: "account-locked"; readonly id: AccountId; readonly until: Instant }
  | { readonly kind: "account-unlocked"; readonly id: AccountId }
  | {
      readonly kind: "password-set";
      readonly id: AccountId;
      readonly password: PasswordCredential;
    }
  /** After the end of the password of that version. */
  | {
      readonly kind: "grace-used";
      readonly id: AccountId;
      readonly version: number;
      readonly use: GraceUse;
    }
  | { readonly kind: "code-issued"; readonly id: AccountId; readonly code: CodeCredential }
  | { readonly kind: "code-used"; readonly id: AccountId }
  | { readonly kind: "session-ended"; readonly id: string; readonly expiresAt: Instant }
  | { readonly kind: "group-created"; readonly group: GroupRow }
  | { readonly kind: "group-deleted"; readonly id: GroupId }
  | { readonly kind: "group-joined"; readonly id: GroupId; readonly account: AccountId }
  | { readonly kind: "group-left"; readonly id: GroupId; readonly account: AccountId }
  | {
      readonly kind: "group-denied" | "group-deny-lifted" | "group-administrator-admitted";
      readonly id: GroupId;
      readonly account: AccountId;
    }
  | { readonly kind: "device-registered"; readonly device: DeviceRow }
  | {
      readonly kind: "device-code-issued";
      readonly id: DeviceId;
      readonly verifier: Sealed;
      readonly expiresAt: Instant;
    }
  | {
      readonly kind: "device-enrolled";
      readonly id: DeviceId;
      readonly serial: string;
      readonly fingerprint: string;
      readonly notAfter: Instant;
    }
  /** With the certificate that is named, which goes on counting beside the new one. */
  | {
      readonly kind: "device-renewed";
      readonly id: DeviceId;
      readonly of: string;
      readonly serial: string;
      readonly fingerprint: string;
      readonly notAfter: Instant;
    }
  /** It was seen with the new one: that with which it was renewed counts no more. */
  | {
      readonly kind: "device-renewal-confirmed";
      readonly id: DeviceId;
      readonly of: string;
      readonly serial: string;
    }
  | {
      readonly kind: "device-replication-set";
      readonly id: DeviceId;
      readonly enabled: boolean;
      readonly revision: number;
    }
  | { readonly kind: "invite-issued"; readonly invite: InviteRow }
  | { readonly kind: "invite-tried"; readonly name: string }
  | { readonly kind: "invite-used"; readonly name: string }
  | { readonly kind: "server-joined"; readonly server: ServerRow }
  | { readonly kind: "witness-added"; readonly witness: WitnessRow }
  | { readonly kind: "witness-removed" }
  | { readonly kind: "server-removed"; readonly id: NodeId; readonly by: string }
  | {
      readonly kind: "server-address-set";
      readonly id: NodeId;
      readonly address: string;
      readonly backup: string | null;
    }
  | { readonly kind: "recovery-key-set"; readonly publicKey: string }
  /** Begins the entry of a restore: from where, and the last place of the journal it replaced. */
  | {
      readonly kind: "system-restored";
      readonly backup: BackupPlace;
      readonly replaced: { readonly term: number; readonly seq: number } | null;
      /** Numbers given after the backup are not given again. */
      readonly uidNext: number;
    }
  /** Comes before the facts of its changes: what is kept for undoing is the state before them. */
  | {
      readonly kind: "change-set-recorded";
      readonly id: string;
      readonly what: ChangeSetRow["what"];
      readonly by: string;
      readonly accounts: readonly AccountId[];
    }
  | { readonly kind: "change-set-undone"; readonly id: string; readonly by: string }
  | { readonly kind: "set-aside-recorded"; readonly row: SetAsideRow }
  | {
      readonly kind: "set-aside-judged";
      readonly id: string;
      readonly verdict: Judgement["verdict"];
      readonly by: string;
      readonly reason: string;
    }
  | { readonly kind: "term-started"; readonly pair: PairRow }
  | {
      readonly kind: "ack-set-changed";
      readonly ackSet: readonly NodeId[];
      readonly unprotected: { readonly since: Instant; readonly reason: string } | null;
    }
  | { readonly kind: "mode-changed"; readonly mode: ArbitrationMode }
  /** Written every 256 entries: a Standby proves its state, not only its log. */
  | { readonly kind: "state-digested"; readonly seq: number; readonly digest: string };
