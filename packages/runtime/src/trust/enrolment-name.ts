/**
 * Whom a device asks for when it enrols or renews: a server that shows another authority's
 * certificate to its clients shows such a caller that of the system, which is all that it trusts.
 * A name that can be no host's (RFC 6761 §6.4).
 */
export const enrolmentServerName = "est.gridward.invalid";
