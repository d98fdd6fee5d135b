import type { Bytes } from "@gridward/core/base/bytes";
import type { RequestId } from "@gridward/core/base/identity";

/** A protocol on the HTTPS port that speaks its own bodies, such as EST. */
export interface MountedRoute {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Each request is a try of its source, which has so many of them as of sign-ins. */
  readonly isTry?: true;
  readonly answer: (request: MountedRequest) => Promise<MountedAnswer>;
}

export interface MountedRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Bytes;
  /** What stands in the place of the `*` with which the path of the route ends. */
  readonly rest?: string;
  /** DER, as presented and not yet judged; null where the peer presented none. */
  readonly certificate: Bytes | null;
  readonly source: string;
  readonly requestId: RequestId;
}

export interface MountedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Bytes;
}
