/** Bounds of everything that the replica protocol carries. */

/** Accounts of one replication group; more belong on more groups (research: one group a bay). */
export const accountsMax = 2_000;

/** Records of one `piece`: with every field at its longest it still fits a link frame. */
export const recordsPerPiece = 100;

export const piecesMax = accountsMax / recordsPerPiece;

/** Roles of one account in a replica. */
export const rolesMax = 16;

/** Characters of the sealed layer: 2,000 verifiers with their salts, in base64url. */
export const layerCharactersMax = 1_500_000;

/** Revocation lists of one device: of an authority, and of the one that follows it. */
export const listsMax = 4;

/** Characters of one revocation list: 1 MiB in base64. */
export const listCharactersMax = 1_400_000;

/** Certificates that a device reads back: its own, the next one, and its anchors. */
export const heldCertificatesMax = 16;

/** Decisions of one report; a longer list is sent in several. */
export const reportedMax = 200;

/** Bytes of one message; equal to the largest frame of a verified link. */
export const messageBytesMax = 4 * 1024 * 1024;

/** Bytes of a whole replica in a slot: `piecesMax` messages' worth at the very most. */
export const replicaBytesMax = 40 * 1024 * 1024;
