import type { Bytes } from "@gridward/core/base/bytes";
import type { DeviceId } from "@gridward/core/base/identity";
import { unreachable } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import type { DeviceMessage, ServerMessage } from "@gridward/core/codec/replica/message";
import { decodeDeviceMessage, encodeMessage } from "@gridward/core/codec/replica/replica-codec";
import type { VerifiedPeer } from "@gridward/runtime/link/peer";
import { DeviceCalls } from "./device-calls.ts";
import type { GroupSets } from "./group-sets.ts";
import { judgeDevice, type Claim, type ServedDevice, type TurnedAway } from "./judge-device.ts";
import { offerErase, offerLists, offerSet, type Ask } from "./offer.ts";
import type { Committed, ConnectedDevice, ReplicaParts } from "./replica-parts.ts";
import { signInForDevice } from "./sign-in-for-device.ts";

/** Sign-ins of one device in progress; more are answered "unavailable". */
const signInsMax = 8;

/** The conversation with one connected device. */
export class DeviceSession {
  readonly device: DeviceId;
  readonly #parts: ReplicaParts;
  readonly #sets: GroupSets;
  readonly #peer: VerifiedPeer;
  readonly #since: Instant;
  #claim: Claim | null = null;
  /** What the device was last answered from; another one now is worth a notice. */
  #told = "";
  /** What it held when it asked last. */
  #asked: Ask["holds"] = null;
  #holds: ConnectedDevice["holds"] = null;
  #signIns = 0;
  /** What the desk asks of this device. */
  readonly calls: DeviceCalls;
  /** Answers leave in the order of their questions, each when the link has room. */
  #sending: Promise<void> = Promise.resolve();

  constructor(parts: ReplicaParts, sets: GroupSets, peer: VerifiedPeer, device: DeviceId) {
    this.device = device;
    this.#parts = parts;
    this.#sets = sets;
    this.#peer = peer;
    this.#since = parts.clock.now();
    this.calls = new DeviceCalls((message) => this.#send([message]), parts.clock);
    peer.onFrame((frame) => this.#take(frame));
  }

  connected(): ConnectedDevice {
    const { address } = this.#peer;
    return { device: this.device, address, since: this.#since, holds: this.#holds };
  }

  /** Looks whether what the device was told still stands; if not, says so. */
  review(): void {
    if (this.#claim === null) return;
    const judged = judgeDevice(this.#parts, this.#claim);
    if (!judged.ok) return this.#turnAway(judged.error);
    const news = this.#newsFor(judged.value);
    if (news === this.#told) return;
    this.#told = news;
    const { state, position } = judged.value.committed;
    const term = state.tables.pair.first()?.term ?? 0;
    this.#send([{ kind: "notice", term, rev: position.seq }]);
  }

  close(reason: string): void {
    this.#peer.close(reason);
  }

  #take(frame: Bytes): void {
    const decoded = decodeDeviceMessage(frame);
    if (!decoded.ok) return this.close(decoded.error.detail);
    const message = decoded.value;
    if ((message.kind === "hello") === (this.#claim !== null)) {
      return this.close("the first message, and only the first, is the hello");
    }
    switch (message.kind) {
      case "hello":
        return this.#greet(message);
      case "pull":
        return this.#answer(message, null);
      case "applied":
        return this.#noteHolding(message);
      case "sign-in":
        return this.#startSignIn(message);
      case "report":
        return this.#keepReport(message);
      case "certificates":
      case "renewed":
        return this.calls.take(message);
    }
    return unreachable(message);
  }

  #greet(hello: Extract<DeviceMessage, { readonly kind: "hello" }>): void {
    this.#claim = {
      device: this.device,
      fingerprint: this.#peer.fingerprint,
      group: hello.group,
      seen: hello.seen,
    };
    this.#answer(hello, hello.keyVersion);
  }

  /** `keyVersion` is that of the key which the device has, null where it need not be told one. */
  #answer(ask: Ask, keyVersion: number | null): void {
    if (this.#claim === null) return;
    const judged = judgeDevice(this.#parts, this.#claim);
    if (!judged.ok) return this.#turnAway(judged.error);
    const served = judged.value;
    this.#asked = ask.holds;
    this.#told = this.#newsFor(served);
    // First of all, so that it is known before anything else is believed.
    const messages: ServerMessage[] = [...offerLists(served.committed, ask)];
    const { device, deviceKey } = served;
    const isKeyNew = keyVersion !== null && keyVersion !== device.keyVersion;
    if (isKeyNew) {
      const key = Buffer.from(deviceKey.reveal()).toString("base64url");
      messages.push({ kind: "key", version: device.keyVersion, key });
    }
    if (!device.replication.enabled) {
      messages.push(offerErase(this.#parts, served, ask));
      this.#parts.observe({
        kind: "erased",
        device: device.id,
        revision: device.replication.revision,
      });
      return this.#send(messages);
    }
    const set = this.#sets.issue(served.committed, device.group);
    if (set === undefined) {
      return this.#turnAway({ code: "unavailable", text: "its group cannot be replicated" });
    }
    if (ask.holds !== null) this.#compare(ask.holds, served.committed);
    messages.push(
      ...offerSet(this.#parts, { ...served, set }, isKeyNew ? { ...ask, holds: null } : ask),
    );
    return this.#send(messages);
  }

  #compare(holds: NonNullable<Ask["holds"]>, committed: Committed): void {
    const { duty } = this.#parts.condition();
    if (isBehind(committed, holds) && duty !== "standby") {
      const { term, rev } = holds;
      this.#parts.observe({ kind: "device-is-ahead", device: this.device, term, rev });
    }
    this.#noteHolding(holds);
  }

  #noteHolding(holds: NonNullable<Ask["holds"]>): void {
    const { term, rev, setDigest } = holds;
    const isNew = this.#holds?.rev !== rev || this.#holds.term !== term;
    this.#holds = { term, rev };
    const committed = this.#parts.committed();
    const device = committed?.state.tables.devices.get(this.device);
    if (!isNew || committed === null || device === undefined) return;
    const set = this.#sets.find(committed, device.group);
    if (set?.digest !== setDigest) return; // Changed meanwhile: the next pull tells.
    const accounts = set.accounts.map(({ id }) => id);
    const group = device.group;
    this.#parts.observe({ kind: "delivered", device: this.device, group, rev, accounts });
  }

  #startSignIn(message: Extract<DeviceMessage, { readonly kind: "sign-in" }>): void {
    if (this.#claim === null) return;
    const judged = judgeDevice(this.#parts, this.#claim);
    if (!judged.ok) return this.#turnAway(judged.error);
    if (this.#signIns >= signInsMax) {
      const { call } = message;
      const reason = "server.overloaded";
      const busy = { kind: "sign-in-answer", outcome: "unavailable", duty: "main" } as const;
      return this.#send([{ ...busy, call, reason }]);
    }
    void this.#signIn(message);
  }

  async #signIn(message: Extract<DeviceMessage, { readonly kind: "sign-in" }>): Promise<void> {
    const peer = { device: this.device, address: this.#peer.address };
    this.#signIns++;
    const answer = await signInForDevice(this.#parts, peer, message);
    this.#signIns--;
    this.#send([answer]);
  }

  #keepReport(report: Extract<DeviceMessage, { readonly kind: "report" }>): void {
    const { decided, failures, call } = report;
    this.#parts.observe({ kind: "reported", device: this.device, decided, failures });
    this.#send([{ kind: "report-kept", call }]);
  }

  #turnAway({ code, text }: TurnedAway): void {
    this.#parts.observe({ kind: "turned-away", device: this.device, code, detail: text });
    if (code === "lower-term" && this.#claim?.seen) {
      const { term } = this.#claim.seen;
      this.#parts.observe({ kind: "device-is-ahead", device: this.device, term, rev: 0 });
    }
    this.#send([{ kind: "refused", code, text }]);
    void this.#closeAfter(this.#sending, text);
  }

  /** Everything that would change the answer to a pull, in one text. */
  #newsFor({ committed, device }: ServedDevice): string {
    const pair = committed.state.tables.pair.first();
    const { enabled, revision } = device.replication;
    const digest = this.#sets.find(committed, device.group)?.digest ?? "none";
    const group = committed.state.tables.groups.get(device.group);
    return [
      pair?.term,
      pair?.owner,
      enabled,
      revision,
      device.keyVersion,
      group?.softAge,
      group?.hardAge,
      digest,
      ...[...committed.state.tables.crls.values()].map(({ number }) => number),
      // A server that has just started may stand before what the device has seen: it asks again
      // when the server has caught up, or its replica would count as not confirmed until then.
      isBehind(committed, this.#asked),
    ].join(" ");
  }

  #send(messages: readonly ServerMessage[]): void {
    this.#sending = this.#sendAfter(this.#sending, messages);
  }

  async #sendAfter(earlier: Promise<void>, messages: readonly ServerMessage[]): Promise<void> {
    await earlier;
    for (const message of messages) await this.#peer.send(encodeMessage(message));
  }

  async #closeAfter(earlier: Promise<void>, reason: string): Promise<void> {
    await earlier;
    this.close(reason);
  }
}

/** Has the device seen a later state of this term? */
function isBehind({ state, position }: Committed, holds: Ask["holds"]): boolean {
  return holds?.term === state.tables.pair.first()?.term && (holds?.rev ?? 0) > position.seq;
}
