/** What the key of an authority may be; the first is what we make where nobody asks for another. */
export const authorityKeyTypes = ["p256", "p384", "rsa3072", "rsa4096"] as const;

export type AuthorityKeyType = (typeof authorityKeyTypes)[number];
