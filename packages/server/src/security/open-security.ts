import type { X509Certificate } from "node:crypto";
import type { Setting } from "@gridward/core/codec/server-settings";
import type { Result } from "@gridward/core/base/result";
import {
  securityKey,
  securityNames,
  type SecuritySettings,
} from "@gridward/core/base/security-settings";
import { type Instant, second } from "@gridward/core/base/time";
import type { Refusal } from "@gridward/core/domain/refusal";
import { trustAnchors } from "@gridward/core/domain/authority-in-use";
import type { Alarm, ServerStatus } from "@gridward/core/domain/server-status";
import type { Actor } from "@gridward/core/domain/types";
import type { Clock } from "@gridward/runtime/os/clock";
import { fingerprintOf } from "@gridward/runtime/trust/x509/read";
import type { SecurityParts } from "../desk/desk-parts.ts";
import type { EventLog } from "../event-log.ts";
import type { OwnIdentity } from "../own-identity.ts";
import type { Pair } from "../pair/open-pair.ts";
import {
  certificateAlarms,
  openOwnCertificates,
  type OwnCertificates,
} from "./own-certificates.ts";
import { livesOf } from "./own-lives.ts";
import { ExpiryWatch } from "./expiry-watch.ts";
import { LiveConnections } from "./live-connections.ts";
import { foresee } from "./foresee.ts";
import { Postures } from "./postures.ts";
import { rejudge } from "./rejudge.ts";
import { securityAlarms } from "./security-alarms.ts";
import { SignInTrial, type StandingTrial } from "./sign-in-trial.ts";
import { SecurityChanges, type Unconfirmed } from "./security-changes.ts";
import type { SecurityUse } from "./security-use.ts";
import { type Shelf, shelves } from "./shown-certificates.ts";
import { openTrials } from "./trials.ts";
import { takeBackUnconfirmed, tellUndone } from "./take-back.ts";
import { takeSetting } from "./take-setting.ts";

export interface OpenSecurityParts {
  readonly directory: string;
  readonly identity: OwnIdentity;
  readonly clock: Clock;
  readonly events: Pick<EventLog, "onSecurity" | "onExpiry">;
  readonly stop: AbortSignal;
  readonly pair: () => Pair;
  /** Every port shows and demands what stands now. */
  readonly onIdentity: () => void;
}

/** Connection Security of this server, working. */
export interface Security extends SecurityParts {
  readonly trial: SignInTrial;
  /** What the partners said of themselves, and what they are told. */
  readonly postures: Postures;
  /** What is proposed under this token, for trial handshakes. */
  readonly proposed: (token: string) => SecuritySettings | null;
  /** What is open at all doors. */
  readonly connections: LiveConnections;
  readonly tick: () => void;
  readonly alarms: () => readonly Alarm[];
  readonly status: () => ServerStatus["security"];
  /** A setting that a partner gives this server (HS16); one of security holds at once. */
  readonly write: (setting: Setting, actor: Actor) => Result<readonly Setting[], Refusal>;
}

/** Before any port is open or any partner dialled: what nobody confirmed is taken back first. */
export function openSecurity(parts: OpenSecurityParts): Security {
  const { directory, identity, clock, events, pair } = parts;
  const { settings } = identity;
  const startedAt = clock.now();
  const found = takeBackUnconfirmed(directory, settings.now);
  settings.apply(found.settings, startedAt);
  const onChange = (use: SecurityUse): void => events.onSecurity(use);
  if (found.use) onChange(found.use);
  tellUndone(directory, onChange);
  const trial = new SignInTrial({ onChange, clock });
  const connections = new LiveConnections({
    ...parts,
    settings: () => settings.now,
    onClosed: onChange,
  });
  const changes = openChanges({ ...parts, connections, trial }, () => own.seen());
  const unconfirmed = (): Unconfirmed | null => onTrial(trial.standing) ?? changes.unconfirmed;
  const own = openOwn({ ...parts, trial }, startedAt, () => changes.relink());
  const expiry = new ExpiryWatch({
    lives: () => livesOf(identity, pair().conductor.state),
    announce: (text) => events.onExpiry(text),
    clock,
  });
  const known = { identity, state: () => pair().conductor.state, now: () => clock.now() };
  const postures = new Postures(known);
  const countCut = async (proposed: SecuritySettings) => connections.countCut(proposed);
  const trials = openTrials({ ...known, pair });
  return {
    connections,
    postures,
    proposed: trials.proposed,
    check: async (change) => trials.run({ ...settings.now, ...change }),
    foresee: async (change) =>
      foresee({ ...known, postures, countCut }, { ...settings.now, ...change }),
    now: () => settings.now,
    unconfirmed,
    reasonsToProve: (order) => changes.reasonsToProve(order),
    trial,
    set: async (order) => changes.set(order),
    confirm: (actor) => changes.confirm(actor),
    certificates: own.certificates,
    tick: () => {
      trial.tick();
      changes.tick();
      connections.tick();
      own.look();
      expiry.tick();
    },
    alarms: () => [
      ...securityAlarms(settings, unconfirmed(), startedAt),
      ...own.alarms(),
      ...expiry.alarms,
    ],
    status: () => statusOf(identity, unconfirmed()),
    write: (setting, actor) => takeSetting({ directory, changes }, setting, actor),
  };
}

/** As one of the changes that wait. */
function onTrial(standing: StandingTrial | null): Unconfirmed | null {
  if (standing === null) return null;
  const { why, ...waits } = standing;
  return { ...waits, broken: [], silent: [], signIn: why };
}

interface OpenChangesParts extends OpenSecurityParts {
  readonly connections: LiveConnections;
  readonly trial: SignInTrial;
}

function openChanges(
  { directory, identity, clock, events, pair, onIdentity, connections, trial }: OpenChangesParts,
  onShown: () => void,
): SecurityChanges {
  return new SecurityChanges({
    directory,
    settings: identity.settings,
    partners: () => {
      const servers = [...pair().conductor.state.tables.servers.values()];
      return servers.filter(({ id }) => id !== identity.node);
    },
    directions: (id) => pair().wire.directions(id),
    rejudge: async (id) => rejudge(pair(), id),
    recheck: async () => connections.recheck("settings"),
    refresh: () => {
      onShown();
      onIdentity();
    },
    onChange: (use) => events.onSecurity(use),
    trial,
    clock,
  });
}

function statusOf(
  identity: OwnIdentity,
  unconfirmed: Unconfirmed | null,
): ServerStatus["security"] {
  const { now } = identity.settings;
  return {
    ...Object.fromEntries(securityNames.map((name) => [securityKey(name), now[name]])),
    temporary: identity.isTemporary,
    fingerprint: fingerprintOf(identity.certificate),
    ...(unconfirmed && { unconfirmed: waitingText(unconfirmed) }),
  };
}

function waitingText({ change, broken, silent, left, signIn }: Unconfirmed): string {
  const seconds = Math.ceil(left / second);
  if (signIn.length > 0) return `${change}: taken back in ${seconds} s unless somebody signs in`;
  return broken.length > 0
    ? `${change}: taken back in ${seconds} s`
    : `${change}: ${silent.join(", ")} is not reached, kept in ${seconds} s`;
}

interface Own {
  readonly certificates: OwnCertificates;
  readonly look: () => void;
  /** What is shown now is known to all: a change of settings makes the links anew by itself. */
  readonly seen: () => void;
  readonly alarms: () => readonly Alarm[];
}

function openOwn(
  parts: OpenSecurityParts & Pick<OpenChangesParts, "trial">,
  startedAt: Instant,
  relink: () => void,
): Own {
  const { directory, identity, clock, events, onIdentity } = parts;
  const { certificates } = identity;
  const shownNow = (): readonly X509Certificate[] =>
    shelves.map((shelf) => certificates.shown(shelf).certificate);
  let before = shownNow();
  const refresh = (): void => {
    const earlier = before;
    before = shownNow();
    onIdentity();
    const isOther = (shelf: Shelf): boolean =>
      before[shelves.indexOf(shelf)] !== earlier[shelves.indexOf(shelf)];
    // The partners say at once what they think of it, at both ends (CS9).
    if (isOther("link")) relink();
  };
  return {
    certificates: openOwnCertificates({
      directory,
      identity,
      now: () => clock.now(),
      refresh,
      onChange: (use) => events.onSecurity(use),
      trial: parts.trial,
    }),
    seen() {
      before = shownNow();
    },
    // Time alone makes another certificate the one to show: one ends, or one begins.
    look() {
      if (identity.trust(trustAnchors(parts.pair().conductor.state))) onIdentity();
      const now = shownNow();
      if (now.some((certificate, index) => certificate !== before[index])) refresh();
    },
    alarms: () => certificateAlarms(certificates, clock.now(), startedAt),
  };
}
