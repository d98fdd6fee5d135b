import type { SeenStatus } from "./seen.ts";

/** For tests: a device whose first server answers. */
export const aStatus = {
  mode: "Central",
  servers: [
    { name: "A", state: "Online", cause: null },
    { name: "B", state: "Offline", cause: "T17: not reached" },
  ],
  replication: {
    status: "Good",
    last_success: "2026-11-24T01:45:39.665Z",
    age_s: 7_300,
    accounts: 12,
    usable: true,
  },
  certificate: { state: "valid", reason: null, not_after: "2028-11-23T01:45:37.000Z" },
  revocation: { mode: "soft", list: "current" },
  athstat: { usrblked: false, loggedon: true },
} satisfies SeenStatus;
