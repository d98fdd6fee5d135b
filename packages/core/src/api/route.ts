import * as z from "zod";

/**
 * Who may call a route. Roles are never in a session: they are read from the state at each call.
 * `anyone` needs no session; `session` takes one that may only change its password, too.
 */
export type Access =
  | "anyone"
  | "session"
  | "person"
  | "read directory"
  | "administer accounts"
  | "administer devices"
  | "administer roles"
  | "administer certificates"
  | "operate pair"
  | "configure security"
  | "read audit";

/** One request of the HTTPS interface: everything server, client and reference page know of it. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Parameters in braces, as in OpenAPI. */
  readonly path: string;
  /** What it does, in one sentence without its end. */
  readonly summary: string;
  readonly access: Access;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  /** Largest body where it is more than usual: who sends it must be allowed to before it is read. */
  readonly bodyBytesMax?: number;
  /** `noBody` where nothing is sent. */
  readonly body: z.ZodType;
  /** Only what stands here leaves the server. */
  readonly answer: z.ZodType;
}

export const noParams = z.strictObject({});
export const noQuery = z.strictObject({});
export const noBody = z.null();

/** Names are judged by the domain; here they are only kept short. */
export const nameText = z.string().min(1).max(64);
export const descriptionText = z.string().max(256);
export const byName = z.strictObject({ name: nameText });
export const byNameAndAccount = z.strictObject({ name: nameText, account: nameText });

/** Longest password read from a request: beyond it nobody types, and hashing costs. */
export const passwordText = z.string().min(1).max(512);

/** RFC 3339. */
export const timeText = z.iso.datetime({ offset: true });

const flag = z.enum(["true", "false"]).transform((text) => text === "true");

/** Every change can be tried: it is judged as if it were made, and nothing is made. */
export const commandQuery = z.strictObject({ dry_run: flag.optional() });

/** What a change answers. */
export const changeAnswer = z.object({
  /** Number of the journal entry; null for a change that was only tried. */
  sequence: z.int().nullable(),
  id: z.string().nullable(),
  dry_run: z.boolean(),
});
export type ChangeAnswer = z.infer<typeof changeAnswer>;

/** Longest page of a list, and the one given when none is asked for. */
const pageMax = 500;
export const pageDefault = 100;

const limitText = z
  .string()
  .regex(/^[1-9][0-9]{0,2}$/)
  .transform(Number)
  .pipe(z.int().max(pageMax));

/** Every list pages, sorts and searches on the server. */
export const listQuery = z.strictObject({
  /** Text that must occur in a name. */
  search: z.string().max(64).optional(),
  /** A member of the row, with "-" before it for falling order. */
  sort: z
    .string()
    .regex(/^-?[a-z_]{1,32}$/)
    .optional(),
  limit: limitText.optional(),
  /** `next` of the page before. */
  cursor: z.string().max(256).optional(),
});

/** One page of a list; `next` is null on the last. */
export function pageOf<Row extends z.ZodType>(
  row: Row,
): z.ZodObject<{
  rows: z.ZodReadonly<z.ZodArray<Row>>;
  next: z.ZodNullable<z.ZodString>;
  total: z.ZodInt;
}> {
  return z.object({ rows: z.array(row).readonly(), next: z.string().nullable(), total: z.int() });
}
