import { utf8 } from "@gridward/core/base/bytes";
import type { NodeId } from "@gridward/core/base/identity";
import type { Result } from "@gridward/core/base/result";
import type { Setting } from "@gridward/core/codec/server-settings";
import { type Refusal, refuse } from "@gridward/core/domain/refusal";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { Actor } from "@gridward/core/domain/types";
import type { Clock } from "@gridward/runtime/os/clock";
import type { PairOrder } from "../event-log.ts";
import type { OtherFrame } from "./partner-wire.ts";
import type { Route } from "./pass-on.ts";
import { isSettingsFrame, parseSettingsFrame, type SettingsFrame } from "./settings-frame.ts";

type Settings = Result<readonly Setting[], Refusal>;

export interface PartnerSettingsParts {
  readonly state: () => DirectoryState;
  readonly read: () => Settings;
  readonly write: (setting: Setting, actor: Actor) => Settings;
  readonly route: (to: NodeId) => Route;
  /** Told what a partner ordered here in somebody's name. */
  readonly onOrder: (order: PairOrder) => void;
  readonly clock: Clock;
}

/** A server that takes longer than this is said to be silent. */
const patienceMs = 5_000;

/** Questions under way at once. */
const waitingMost = 16;

/** HS16: asks partners for their settings and gives them one, and answers them. */
export class PartnerSettings {
  readonly #parts: PartnerSettingsParts;
  readonly #waiting = new Map<
    number,
    { readonly to: NodeId; readonly done: (it: Settings) => void }
  >();
  #nextId = 1;

  constructor(parts: PartnerSettingsParts) {
    this.#parts = parts;
  }

  async ask(to: NodeId): Promise<Settings> {
    return this.#request(to, (id) => ({ kind: "settings-ask", id }));
  }

  /** In force there from its next start on, or at once if it is one of Connection Security. */
  async give(to: NodeId, setting: Setting, actor: Actor): Promise<Settings> {
    return this.#request(to, (id) => ({ kind: "settings-set", id, setting, actor }));
  }

  /** Undefined: no frame of this conversation; false closes the link. */
  take({ from, json, reply }: OtherFrame): boolean | undefined {
    if (!isSettingsFrame(json)) return undefined;
    const frame = parseSettingsFrame(json);
    if (!frame.ok) return false;
    const { id } = frame.value;
    if (frame.value.kind === "settings-told") {
      const waiting = this.#waiting.get(id);
      if (waiting?.to === from) waiting.done(frame.value.outcome);
      return true;
    }
    const outcome = this.#answer(from, frame.value);
    reply(encode({ kind: "settings-told", id, outcome }));
    return true;
  }

  #answer(
    from: NodeId,
    frame: SettingsFrame & { readonly kind: "settings-ask" | "settings-set" },
  ): Settings {
    const { state, read, write, onOrder } = this.#parts;
    const server = state().tables.servers.get(from);
    if (server === undefined) return refuse("pair.server-not-found", from);
    if (frame.kind === "settings-ask") return read();
    const { key, value } = frame.setting;
    const outcome = write(frame.setting, frame.actor);
    const order = `setting ${key} = ${String(value)}, via ${server.name}`;
    onOrder({ actor: frame.actor, order, refusal: outcome.ok ? null : outcome.error });
    return outcome;
  }

  async #request(to: NodeId, frame: (id: number) => SettingsFrame): Promise<Settings> {
    const route = this.#parts.route(to);
    if (!route.isOpen()) return refuse("pair.partner-silent", "it is not connected");
    if (this.#waiting.size >= waitingMost) return refuse("server.overloaded", "settings");
    const id = this.#nextId++;
    const answered = new AbortController();
    const told = new Promise<Settings>((done) => {
      this.#waiting.set(id, { to, done });
      void route.send(encode(frame(id)));
    });
    const late = this.#parts.clock
      .sleep(patienceMs, answered.signal)
      .then(() => refuse("pair.partner-silent", "it has not answered for 5 s"));
    const outcome = await Promise.race([told, late]);
    answered.abort();
    this.#waiting.delete(id);
    return outcome;
  }
}

function encode(frame: SettingsFrame): Uint8Array<ArrayBuffer> {
  return utf8(JSON.stringify(frame));
}
