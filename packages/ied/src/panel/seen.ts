import * as z from "zod";

/** What the panel reads of the device's answers; what else they hold is for others. */
export const seenStatus = z.object({
  mode: z.string(),
  servers: z.array(
    z.object({ name: z.string(), state: z.string(), cause: z.string().nullable() }).readonly(),
  ),
  replication: z.object({
    status: z.string(),
    last_success: z.string().nullable(),
    age_s: z.number().nullable(),
    accounts: z.number(),
    usable: z.boolean(),
  }),
  certificate: z.object({
    state: z.string(),
    reason: z.string().nullable(),
    not_after: z.string(),
  }),
  revocation: z.object({ mode: z.string(), list: z.string() }),
  athstat: z.object({ usrblked: z.boolean(), loggedon: z.boolean() }),
});

export type SeenStatus = Readonly<z.infer<typeof seenStatus>>;

export const seenSession = z.object({
  account: z.string(),
  roles: z.array(z.object({ role: z.string(), area: z.string() })),
  rights: z.array(z.object({ right: z.string(), level: z.enum(["full", "read"]) })),
  source: z.string(),
  must_change: z.boolean(),
  left_s: z.number(),
});

export type SeenSession = Readonly<z.infer<typeof seenSession>>;

export const seenSignIn = z.object({
  account: z.string(),
  source: z.string(),
  fresh: z.boolean(),
  days_left: z.number().nullable(),
});

export const seenCertificates = z.array(z.record(z.string(), z.string()));
