import type { X509Certificate } from "node:crypto";
import type { DirectoryState } from "@gridward/core/domain/state";
import { type WatchedLife, watchedLives } from "@gridward/core/domain/watched-lives";
import { nameText, notAfterOf, notBeforeOf, serialOf } from "@gridward/runtime/trust/x509/read";
import type { OwnIdentity } from "../own-identity.ts";

/** All that the state knows, what was imported here, and the temporary one where it is shown. */
export function livesOf(
  { node, certificates }: Pick<OwnIdentity, "node" | "certificates">,
  state: DirectoryState,
): readonly WatchedLife[] {
  const imported = certificates.imported.map(({ certificate }) => lifeOf("imported", certificate));
  const last = imported.toSorted((left, right) => right.notAfter - left.notAfter).slice(0, 1);
  const { temporary, isTemporaryShown } = certificates;
  // CS4: nobody sees its end where it is not shown.
  const shown = isTemporaryShown ? [lifeOf("temporary", temporary.certificate)] : [];
  return [...watchedLives(state, node), ...last, ...shown];
}

function lifeOf(kind: "imported" | "temporary", certificate: X509Certificate): WatchedLife {
  return {
    kind,
    name: nameText(certificate.subject),
    id: serialOf(certificate),
    notBefore: notBeforeOf(certificate),
    notAfter: notAfterOf(certificate),
  };
}
