import * as z from "zod";
import {
  byName,
  changeAnswer,
  commandQuery,
  listQuery,
  nameText,
  noBody,
  noParams,
  pageOf,
  type Route,
} from "./route.ts";

const keyText = z.string().min(1).max(512);

const mappingRow = z.object({
  /** `sha256:` and a fingerprint, or `email:`, `dns:`, `uri:` and a name in certificates. */
  key: z.string(),
  /** Of the account. */
  name: z.string(),
  by: z.string(),
  at: z.string(),
});

const mapped = z.object({ ...changeAnswer.shape, key: z.string() });

const change = { access: "administer accounts", params: byName, query: commandQuery } as const;

export const mappingRoutes = {
  mappingList: {
    method: "GET",
    path: "/v1/account-certificates",
    summary: "List the certificates, and names in certificates, that lead to accounts",
    access: "read directory",
    params: noParams,
    query: listQuery.extend({ account: nameText.optional() }),
    body: noBody,
    answer: pageOf(mappingRow),
  },
  mappingAdd: {
    ...change,
    method: "POST",
    path: "/v1/accounts/{name}/certificates",
    summary: "Let whoever presents a certificate sign in as an account",
    body: z.union([
      z.strictObject({ key: keyText }),
      /** PEM; its fingerprint becomes the key. */
      z.strictObject({ certificate: z.string().min(1).max(24_576) }),
    ]),
    answer: z.object({
      ...mapped.shape,
      /** What the certificate says of roles (IECUserRoles); no right comes from it. */
      claimed_roles: z.array(z.string()).readonly(),
    }),
  },
  mappingRemove: {
    ...change,
    method: "POST",
    path: "/v1/accounts/{name}/certificates/remove",
    summary: "Let a certificate lead to an account no more; its sessions end",
    body: z.strictObject({ key: keyText }),
    answer: mapped,
  },
} as const satisfies Record<string, Route>;

export type MappingView = z.infer<typeof mappingRow>;
