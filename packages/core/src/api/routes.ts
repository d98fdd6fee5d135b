import { accountRoutes } from "./account-routes.ts";
import { accountSetRoutes } from "./account-set-routes.ts";
import { approvalRoutes } from "./approval-routes.ts";
import { arbitrationRoutes } from "./arbitration-routes.ts";
import { backupRoutes } from "./backup-routes.ts";
import { certificateRoutes } from "./certificate-routes.ts";
import { ownCertificateRoutes } from "./own-certificate-routes.ts";
import { deviceCertificateRoutes } from "./device-certificate-routes.ts";
import { deviceRoutes } from "./device-routes.ts";
import { eventRoutes } from "./event-routes.ts";
import { groupRoutes } from "./group-routes.ts";
import { legacyRoutes } from "./legacy-routes.ts";
import { mappingRoutes } from "./mapping-routes.ts";
import type { localRoutes } from "./local-routes.ts";
import { rightsRoutes } from "./rights-routes.ts";
import { policyRoutes } from "./policy-routes.ts";
import { securityRoutes } from "./security-routes.ts";
import { serverRoutes } from "./server-routes.ts";
import { sessionRoutes } from "./session-routes.ts";
import { setAsideRoutes } from "./set-aside-routes.ts";

/** The whole HTTPS interface. Server, CLI and reference page are read off this table. */
export const routes = {
  ...sessionRoutes,
  ...serverRoutes,
  ...securityRoutes,
  ...ownCertificateRoutes,
  ...arbitrationRoutes,
  ...accountRoutes,
  ...policyRoutes,
  ...accountSetRoutes,
  ...groupRoutes,
  ...deviceRoutes,
  ...rightsRoutes,
  ...deviceCertificateRoutes,
  ...certificateRoutes,
  ...mappingRoutes,
  ...legacyRoutes,
  ...approvalRoutes,
  ...setAsideRoutes,
  ...backupRoutes,
  ...eventRoutes,
} as const;

export type RouteName = keyof typeof routes;
export type LocalRouteName = keyof typeof localRoutes;
/** Header with the id under which a retry of the same change gets the first outcome. */
export const requestIdHeader = "request-id";
export const requestIdText = /^[0-9A-HJKMNP-TV-Z]{26}$/;

/** Largest body of a request. */
export const bodyBytesMax = 1024 * 1024;
