import { userInfo } from "node:os";

/** Longest name that is shown: Linux allows 32 characters, domains add their own. */
const nameLengthMax = 100;

/** What the operating system says of who runs this program, and sudo of who asked for that. */
interface SystemAccount {
  /** Undefined where the system has no name for the number. */
  readonly name: string | undefined;
  /** Undefined on Windows. */
  readonly uid: number | undefined;
  /** SUDO_UID as it stands in the environment; undefined where there is none. */
  readonly sudoUid: string | undefined;
}

/** By the kernel's word, as anybody can set $USER. */
export function systemAccount(): SystemAccount {
  const { SUDO_UID: sudoUid } = process.env;
  return { name: accountName(), uid: process.getuid?.(), sudoUid };
}

/** Who acts, for an audit trail; who became root through sudo as what the environment says of it. */
export function accountText({ name, uid, sudoUid }: SystemAccount): string {
  const known = name === undefined ? [] : [name.slice(0, nameLengthMax)];
  const number = uid === undefined ? [] : [name === undefined ? `uid ${uid}` : `(uid ${uid})`];
  const text = ["operating-system account", ...known, ...number].join(" ");
  // Whoever is not root could have written anything there.
  const isBySudo = uid === 0 && sudoUid !== undefined && /^\d{1,10}$/.test(sudoUid);
  return isBySudo ? `${text}, through sudo for uid ${sudoUid} (SUDO_UID)` : text;
}

/** A number without a name, as in a container, has no entry to read. */
function accountName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
