import type { SecuritySettings } from "@gridward/core/base/security-settings";
import { type JudgeSettings, withoutLists } from "../trust/judge.ts";

/** What one end of a link demands of the other. */
export interface LinkSettings extends JudgeSettings {
  /** False: a partner that dials without a certificate is taken by its pairing key alone (CS1). */
  readonly requireCertificate: boolean;
  readonly tlsMin: SecuritySettings["tls_min"];
}

/** Nothing of it is switched off but what takes revocation lists. */
export const strictLink: LinkSettings = {
  ...withoutLists,
  requireCertificate: true,
  tlsMin: "1.2",
};
