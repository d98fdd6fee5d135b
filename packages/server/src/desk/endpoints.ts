import type { RouteName } from "@gridward/core/api/routes";
import { accountEndpoints } from "./account-endpoints.ts";
import { accountSetEndpoints } from "./account-set-endpoints.ts";
import { approvalEndpoints } from "./approval-endpoints.ts";
import { arbitrationEndpoints } from "./arbitration-endpoints.ts";
import { backupEndpoints } from "./backup-endpoints.ts";
import { certificateEndpoints } from "./certificate-endpoints.ts";
import { legacyEndpoints } from "./legacy-endpoints.ts";
import { mappingEndpoints } from "./mapping-endpoints.ts";
import { ownCertificateEndpoints } from "./own-certificate-endpoints.ts";
import type { DeskParts } from "./desk-parts.ts";
import { deviceCertificateEndpoints } from "./device-certificate-endpoints.ts";
import { deviceEndpoints } from "./device-endpoints.ts";
import type { Endpoint } from "./endpoint.ts";
import { eventEndpoints } from "./event-endpoints.ts";
import { groupEndpoints } from "./group-endpoints.ts";
import { rightsEndpoints } from "./rights-endpoints.ts";
import { policyEndpoints } from "./policy-endpoints.ts";
import { securityEndpoints } from "./security-endpoints.ts";
import { serverEndpoints } from "./server-endpoints.ts";
import { sessionEndpoints } from "./session-endpoints.ts";
import { setAsideEndpoints } from "./set-aside-endpoints.ts";

/** The whole HTTPS interface with what answers it; a route without an answer does not compile. */
export function createEndpoints(parts: DeskParts): Readonly<Record<RouteName, Endpoint>> {
  return {
    ...sessionEndpoints(parts),
    ...serverEndpoints(parts),
    ...securityEndpoints(parts),
    ...ownCertificateEndpoints(parts),
    ...arbitrationEndpoints(parts),
    ...accountEndpoints(parts),
    ...policyEndpoints(parts),
    ...accountSetEndpoints(parts),
    ...groupEndpoints(parts),
    ...deviceEndpoints(parts),
    ...rightsEndpoints(parts),
    ...deviceCertificateEndpoints(parts),
    ...certificateEndpoints(parts),
    ...mappingEndpoints(parts),
    ...legacyEndpoints(parts),
    ...approvalEndpoints(parts),
    ...setAsideEndpoints(parts),
    ...backupEndpoints(parts),
    ...eventEndpoints(parts),
  };
}
