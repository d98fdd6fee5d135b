import type {
  AccountId,
  DeviceId,
  GroupId,
  NodeId,
  RequestId,
  Sealed,
  SystemId,
} from "../base/identity.ts";
import type { Instant, Millis } from "../base/time.ts";
import type { ArbitrationMode } from "./arbitration-mode.ts";
import type { AuthorityKeyType } from "./authority-key.ts";
import type { CertificateProfile } from "./certificate-profile.ts";
import type { RevocationReason } from "./revocation-reason.ts";

/**
 * The rows that make up the state of a system. Every row is plain JSON: it is journalled, hashed
 * into the state digest and sent to the Standby as it stands here. Times are milliseconds.
 */

/** IEC 62351-8 role id: 0..6 standard, negative private; 32768+n never; vendor roles see roles.ts. */
export type RoleId = number;

export interface RoleAssignment {
  readonly role: RoleId;
  /** Area of responsibility, path syntax `<substation>/<bay>/<ied>`; "*" is everywhere. */
  readonly area: string;
  readonly notBefore: Instant | null;
  readonly notAfter: Instant | null;
}

/** A PHC string of Argon2id, sealed with the system key. */
export interface PasswordCredential {
  readonly verifier: Sealed;
  /** Rises with every change: sessions and replicas made from an older one are void. */
  readonly version: number;
  readonly changedAt: Instant;
  readonly mustChange: boolean;
  /** Earlier verifiers, newest first, as many as the policy's history asks for. */
  readonly history: readonly Sealed[];
  /** Sign-ins with it after its end, of all servers; absent: none. */
  readonly graceUsed?: readonly GraceUse[];
}

/** One sign-in after the end of a password: where and when, so that it is counted once. */
export interface GraceUse {
  readonly server: NodeId;
  readonly at: Instant;
}

/** A one-time code that admits to a change of password and nothing else. Hash of 128 random bits. */
export interface CodeCredential {
  readonly verifier: Sealed;
  readonly expiresAt: Instant;
}

export interface AccountRow {
  readonly id: AccountId;
  /** Login name, lower case, unique. */
  readonly name: string;
  readonly displayName: string;
  /** uidNumber of posixAccount; given once, never reused. */
  readonly uidNumber: number;
  readonly roles: readonly RoleAssignment[];
  /** Replication groups in which this account is allowed; a group's deny list still wins. */
  readonly groups: readonly GroupId[];
  readonly enabled: boolean;
  readonly password: PasswordCredential | null;
  readonly code: CodeCredential | null;
  /** Ends by clock everywhere, without an entry. */
  readonly lockedUntil: Instant | null;
  readonly policy: string;
  readonly createdAt: Instant;
  readonly changedAt: Instant;
}

export interface GroupRow {
  readonly id: GroupId;
  readonly name: string;
  readonly description: string;
  /** Never replicated, whatever else says so. */
  readonly deny: readonly AccountId[];
  /** Accounts with an administrative role (SECADM, SECAUD, RBACMNT, ADMINISTRATOR) explicitly let in. */
  readonly administrators: readonly AccountId[];
  readonly softAge: Millis;
  readonly hardAge: Millis;
  readonly createdAt: Instant;
  readonly changedAt: Instant;
}

export interface AccessPoint {
  readonly name: string;
  readonly ip: string | null;
}

export interface DeviceCertificate {
  readonly serial: string;
  readonly fingerprint: string;
  readonly notAfter: Instant;
}

export interface DeviceRow {
  readonly id: DeviceId;
  readonly name: string;
  readonly manufacturer: string;
  readonly type: string;
  readonly accessPoints: readonly AccessPoint[];
  readonly area: string;
  readonly group: GroupId;
  readonly status: "registered" | "enrolled" | "lost";
  /** The one-time code of the last package; null once used. */
  readonly enrolment: { readonly verifier: Sealed; readonly expiresAt: Instant } | null;
  readonly certificate: DeviceCertificate | null;
  /** The one that it was renewed with, and until when it counts: the new one may be lost on the way. */
  readonly earlier: DeviceCertificate | null;
  readonly replication: { readonly enabled: boolean; readonly revision: number };
  /** Version of the device's own verifier key Kd. */
  readonly keyVersion: number;
  readonly createdAt: Instant;
  readonly changedAt: Instant;
}

/** permanent: it follows for ever and answers reads, and is never promoted (HS14). */
export type ServerKind = "promotable" | "permanent";

export interface ServerRow {
  readonly id: NodeId;
  readonly name: string;
  /** Host or address under which partner, devices and tools reach this server. */
  readonly address: string;
  /** Where its partners dial it while the first address does not answer. */
  readonly backup?: string;
  readonly ports: { readonly https: number; readonly link: number; readonly ldaps: number };
  /** Ed25519 public key, base64url of the 32 raw bytes: who this server is, below all certificates. */
  readonly pairingKey: string;
  /** As its invitation said; for ever. */
  readonly kind: ServerKind;
  readonly joinedAt: Instant;
}

/** A server that was taken out of the system for good: told so when it returns (HS14). */
export interface RemovedServerRow {
  readonly id: NodeId;
  readonly name: string;
  /** As it had been: never believed again, but to tell it what became of it. */
  readonly pairingKey: string;
  /** Who ordered it. */
  readonly by: string;
  readonly at: Instant;
}

/** A single-use invitation for a Standby. The secret itself is only in the code. */
export interface InviteRow {
  readonly name: string;
  /** What it will be; absent: it may be promoted. */
  readonly kind?: "permanent";
  readonly secret: Sealed;
  readonly expiresAt: Instant;
  readonly triesLeft: number;
}

/** panel-pin: digits alone, good at the panel of a device and nowhere else. For ever as it was made. */
export type PolicyKind = "password" | "panel-pin";

/** Rules for the passwords of the accounts that have it (AM3). */
export interface PolicyRow {
  readonly name: string;
  readonly kind: PolicyKind;
  readonly lengthMin: number;
  readonly lengthMax: number;
  /** How many of lower case, upper case, digit, other must occur. */
  readonly classesMin: number;
  /** Words of the site that count like those of the block list; lower case, sorted. */
  readonly words: readonly string[];
  readonly history: number;
  /** Whoever chose a password keeps it for so long; 0: as long as they like. */
  readonly ageMin: Millis;
  readonly expiresAfter: Millis | null;
  /** For so long before the end every sign-in says when it is; 0: none does. */
  readonly warnBefore: Millis;
  /** Sign-ins after the end, each for a change of the password. */
  readonly grace: number;
  /** A password that somebody else set must be changed at the first sign-in, whatever was ordered. */
  readonly mustChange: boolean;
  /** Failures of one account within the window, after which it is locked. */
  readonly attempts: number;
  /** Failures from one address against accounts of this policy, after which they refuse it; 0: any. */
  readonly sourceAttempts: number;
  readonly window: Millis;
  readonly lockFor: Millis;
}

/** Who has one right of a device: the whole of it, or to read alone. Roles in rising order. */
export interface RightRow {
  readonly right: string;
  readonly full: readonly RoleId[];
  readonly read: readonly RoleId[];
}

/** Role-to-right map of a type of devices, or of all that have none of their own (AM2). */
export interface RightsMapRow {
  /** A type of devices as they are registered with it, or "default". */
  readonly name: string;
  /** Rises with every change, for ever: a device tells by it whether its map is that of now. */
  readonly revision: number;
  /** Rights that nobody has are left out; in the order of the catalogue. */
  readonly rights: readonly RightRow[];
  readonly by: string;
  readonly at: Instant;
}

/** A private role of IEC 62351-8 that has a name here. */
export interface PrivateRoleRow {
  readonly role: RoleId;
  /** Upper case, unique, and none of the standard's. */
  readonly name: string;
  readonly description: string;
  readonly by: string;
  readonly at: Instant;
}

export interface CertificateRow {
  /** Lower-case hexadecimal, no leading zeros stripped. */
  readonly serial: string;
  /** Id of the authority that signed it. */
  readonly authority: string;
  readonly profile: CertificateProfile;
  /** Of the server, device or third party to which it was issued. */
  readonly name: string;
  readonly subject: string;
  /** Subject alternative names, as OpenSSL writes them. */
  readonly alternativeNames: string;
  readonly fingerprint: string;
  readonly notBefore: Instant;
  readonly notAfter: Instant;
  readonly revoked: Revocation | null;
}

/** That a certificate counts no more, from when, why, and who said so. */
export interface Revocation {
  readonly at: Instant;
  readonly reason: RevocationReason;
  readonly by: string;
}

/** What of a client's certificate leads to an account (CS13). */
export interface MappingRow {
  /** `sha256:` and the certificate's fingerprint, or `email:`, `dns:`, `uri:` and a name of it. */
  readonly key: string;
  readonly account: AccountId;
  readonly by: string;
  readonly at: Instant;
}

/** A peer that cannot carry certificates and is served all the same, for a time (CS7). */
export interface LegacyPeerRow {
  /** Its IP address, as the network shows it. */
  readonly address: string;
  /** Who answers for it, and why it must be. */
  readonly owner: string;
  readonly reason: string;
  readonly until: Instant;
  readonly by: string;
  readonly at: Instant;
}

/** The last revocation list of an authority (RFC 5280 §5). */
export interface CrlRow {
  readonly authority: string;
  readonly number: number;
  readonly thisUpdate: Instant;
  readonly nextUpdate: Instant;
  /** How many certificates of the authority were revoked by then, expired ones among them. */
  readonly revoked: number;
  /** DER in base64. */
  readonly encoded: string;
  /** Signs OCSP answers for as long as the list is good; made anew with each. */
  readonly responder: { readonly certificate: string; readonly key: Sealed };
}

/**
 * An authority of the system, whose certificate is a trust anchor. One is issuing; beside it there
 * is another only while the system changes over: the next one, or the former one (PK7).
 */
export interface AuthorityRow {
  readonly id: string;
  readonly standing: "next" | "issuing" | "former";
  readonly certificate: string;
  /** Who certified it, nearest first, up to the root; absent where it is its own root (PK1). */
  readonly chain?: readonly string[];
  /** The same name and key certified by the one before it, for whoever trusts only that one. */
  readonly cross: string | null;
  readonly key: Sealed;
  readonly createdAt: Instant;
}

/**
 * An authority that somebody else shall certify, as long as that was not done: its key waits here,
 * sealed as that of any authority.
 */
export interface AuthorityRequest {
  /** Which the authority will have. */
  readonly id: string;
  readonly keyType: AuthorityKeyType;
  /** PKCS#10, DER in base64. */
  readonly request: string;
  readonly key: Sealed;
  readonly createdAt: Instant;
}

export interface SystemRow {
  readonly id: SystemId;
  readonly base: string;
  readonly site: string;
  readonly createdAt: Instant;
  /** Root of all per-device keys Kd, sealed. */
  readonly replicaKey: Sealed;
  /** Next free uidNumber. */
  readonly uidNext: number;
  /** To whom backups are sealed: an X25519 public key, base64url. The other half is on paper. */
  readonly recovery: { readonly publicKey: string; readonly since: Instant } | null;
  /** Open request for an authority; absent where there is none. */
  readonly authorityRequest?: AuthorityRequest;
}

/** The backup from which a system was restored. */
export interface BackupPlace {
  readonly at: Instant;
  readonly term: number;
  readonly seq: number;
  readonly hash: string;
}

/** Who owns the term and which servers must hold a change before it is acknowledged. */
export interface PairRow {
  readonly term: number;
  readonly owner: NodeId;
  readonly by:
    | "creation"
    | "changeover"
    | "takeover"
    | "promotion"
    | "forced-promotion"
    | "restore";
  readonly since: Instant;
  readonly ackSet: readonly NodeId[];
  readonly mode: ArbitrationMode;
  /** Set while changes are held by one copy although there is a partner: since when and why. */
  readonly unprotected: { readonly since: Instant; readonly reason: string } | null;
}

/** Whose a term is: on the words of two operators two servers may be Main in terms of one number. */
export interface TermRow {
  readonly term: number;
  readonly owner: NodeId;
}

/** The third machine that remembers who is Main (HS7). One at most. */
export interface WitnessRow {
  readonly id: NodeId;
  /** Host or address, and port, on which every server reaches it. */
  readonly address: string;
  readonly port: number;
  /** Ed25519 public key, base64url of the 32 raw bytes: who it is, whatever certificate it shows. */
  readonly pairingKey: string;
  /** Salted hash of its machine's id, by which a server sees that both stand on one machine. */
  readonly machine: { readonly salt: string; readonly hash: string } | null;
  readonly addedAt: Instant;
}

/** The first answer to a request, kept so that a retry gets it again (rule I11). */
export interface RequestRow {
  readonly requestId: RequestId;
  /** Kind and id of who asked: nobody else gets the answer. */
  readonly by: string;
  readonly seq: number;
  readonly answer: CommandAnswer;
}

/** A session ended before its time. Removed when it would have expired anyway. */
export interface EndedSessionRow {
  readonly id: string;
  readonly expiresAt: Instant;
}

/** What is known of whom a lost change was told: its maker, nobody, or one cannot say. */
export type SetAsideMark = "acknowledged" | "not acknowledged" | "unknown";

/** A person's word on one lost change. */
export interface Judgement {
  readonly verdict: "re-applied" | "already so" | "rejected";
  readonly by: string;
  readonly at: Instant;
  readonly reason: string;
}

/**
 * HS9: one change that a server held beyond the fork, kept until somebody judged it and after. The
 * change is as it was journalled there; secrets in it are sealed with the system key.
 */
export interface SetAsideRow {
  /** See `setAsideId`: equal for the same change, whoever brings it and however often. */
  readonly id: string;
  /** Server that wrote the change, and its place in the history that was left. */
  readonly node: NodeId;
  readonly term: number;
  readonly seq: number;
  /** A change too large for one entry comes in parts, counted from 0. */
  readonly part: number;
  readonly at: Instant;
  readonly actor: Actor;
  /** Kind of the command. */
  readonly kind: string;
  readonly requestId: RequestId;
  readonly mark: SetAsideMark;
  /** Canonical JSON of its facts. */
  readonly facts: string;
  /** When the last change was made that both histories share; 0 where nobody knows. */
  readonly forkedAt: Instant;
  /** Server that set it aside, and when. */
  readonly by: NodeId;
  readonly setAsideAt: Instant;
  readonly judged: Judgement | null;
}

/** What of an account a change set may change, as it was before; null: there was none. */
export interface AccountBefore {
  readonly id: AccountId;
  readonly account: Pick<
    AccountRow,
    "displayName" | "roles" | "groups" | "enabled" | "policy"
  > | null;
}

/** AM6: one order that changed many accounts, kept so that it can be undone. */
export interface ChangeSetRow {
  readonly id: string;
  readonly what: "import" | "bulk";
  readonly by: string;
  readonly at: Instant;
  readonly accounts: number;
  /** Emptied when it was undone. */
  readonly before: readonly AccountBefore[];
  readonly undone: { readonly by: string; readonly at: Instant } | null;
}

/** Every kind of row under its table name. The key of each row is named in tables.ts. */
export interface Rows {
  readonly system: SystemRow;
  readonly pair: PairRow;
  readonly terms: TermRow;
  readonly accounts: AccountRow;
  readonly groups: GroupRow;
  readonly devices: DeviceRow;
  readonly servers: ServerRow;
  readonly removed: RemovedServerRow;
  readonly witness: WitnessRow;
  readonly invites: InviteRow;
  readonly policies: PolicyRow;
  readonly privateRoles: PrivateRoleRow;
  readonly rightsMaps: RightsMapRow;
  readonly certificates: CertificateRow;
  readonly authorities: AuthorityRow;
  readonly crls: CrlRow;
  readonly mappings: MappingRow;
  readonly legacyPeers: LegacyPeerRow;
  readonly requests: RequestRow;
  readonly endedSessions: EndedSessionRow;
  readonly setAside: SetAsideRow;
  readonly changeSets: ChangeSetRow;
}
export type TableName = keyof Rows;

/** What a fact does to the state: one row written, or taken away. */
export type RowChange = {
  readonly [Name in TableName]: {
    readonly table: Name;
    readonly key: string;
    readonly row: Rows[Name] | null;
  };
}[TableName];

/** What a command tells its submitter when it is done: what it made, nothing secret. */
export interface CommandAnswer {
  readonly id?: string;
  readonly count?: number;
  readonly revision?: number;
  /** DER in base64: what a device whose answer was lost gets when it asks again. */
  readonly certificate?: string;
}

/** Who asks, and through which door. Journalled with the entry. */
export interface Actor {
  readonly kind: "account" | "local" | "server" | "device";
  /** Account id, node id or device id; for "local" the name of the operating system's user. */
  readonly id: string;
  readonly name: string;
  readonly door: Door;
  /** Network address of the peer; "" where there is none. */
  readonly source: string;
  /** Name of the Standby that passed the order on, where one did. */
  readonly via?: string;
}

export type Door = "ldap" | "https" | "device" | "local" | "panel" | "pair";
