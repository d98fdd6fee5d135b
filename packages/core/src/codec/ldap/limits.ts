/** Bounds of what a peer may send us over LDAP (octets or counts). */
export const ldapMessageMax = 1_048_576;
export const ldapFilterDepthMax = 20;
export const ldapControlsMax = 16;
export const ldapDnMax = 4_096;
export const ldapRdnsMax = 32;
/** RFC 4511 §4.1.1: message ids and limits are 0..maxInt. */
export const ldapIntegerMax = 2_147_483_647;
