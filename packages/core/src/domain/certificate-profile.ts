/** What the authority certifies of the system itself, each for one purpose of its own. */
const systemProfiles = ["authority", "server", "device", "replica-signer"] as const;

/** What it certifies for others, as a SECADM orders it (PK2). */
export const thirdPartyProfiles = [
  "engineering-tool",
  "person",
  "file-transfer",
  "log-collector",
  "witness",
  "vendor-device",
] as const;

export const certificateProfiles = [...systemProfiles, ...thirdPartyProfiles] as const;

export type ThirdPartyProfile = (typeof thirdPartyProfiles)[number];
export type CertificateProfile = (typeof certificateProfiles)[number];

export function isThirdParty(profile: CertificateProfile): profile is ThirdPartyProfile {
  const wanted: readonly CertificateProfile[] = thirdPartyProfiles;
  return wanted.includes(profile);
}
