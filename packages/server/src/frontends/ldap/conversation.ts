import { type Bytes, concat, utf8 } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import { LdapFramer } from "@gridward/core/codec/ldap/framer";
import { encodeEnvelope, type LdapControl } from "@gridward/core/codec/ldap/message";
import { passwordModifyOid } from "@gridward/core/codec/ldap/password-modify";
import {
  type PasswordPolicyAnswer,
  passwordPolicyControl,
  passwordPolicyOid,
} from "@gridward/core/codec/ldap/password-policy";
import {
  decodeRequest,
  type LdapExtended,
  type LdapMessage,
  type LdapRefusal,
  type LdapRequest,
  type LdapSearch,
} from "@gridward/core/codec/ldap/request";
import {
  encodeResponse,
  encodeResponseOperation,
  type LdapResponse,
  type LdapResult,
  noticeOfDisconnectionOid,
  resultOf,
  success,
} from "@gridward/core/codec/ldap/response";
import type { ResultCodeName } from "@gridward/core/codec/ldap/result-code";
import type { AccountRow } from "@gridward/core/domain/types";
import { type Refusal, refusalSpec } from "@gridward/core/domain/refusal";
import { credentialVersion, isStillSignedIn } from "@gridward/core/domain/still-signed-in";
import { wordsOf } from "../../clients/client-gate.ts";
import type { FrontEndParts } from "../../parts.ts";
import { bind, type BindOutcome, judgeBind, type LdapBind } from "./bind.ts";
import type { Directory } from "./directory.ts";
import { outstandingMax, unsentMax } from "./limits.ts";
import { type ChangePassword, modifyPassword } from "./modify-password.ts";
import { startTlsOid, whoAmIOid } from "./root-dse.ts";
import type { SearchOutcome } from "./search.ts";
import type { ClearWire, Wire } from "./wire.ts";

export interface ConversationParts {
  readonly frontEnd: FrontEndParts;
  readonly directory: Directory;
  /** Lets every other connection have its turn. */
  readonly nextTurn: () => Promise<void>;
  /** Whether this source asks for a sign-in by certificate, which costs it nothing, too often. */
  readonly isTriedTooOften: (source: string) => boolean;
  /** Absent: no password is changed over LDAP, and nobody is told of policies. */
  readonly changePassword?: ChangePassword;
  /** Told about a peer that does not speak LDAP. */
  readonly note: (source: string, detail: string) => void;
}

interface SignedIn {
  readonly account: AccountRow;
  readonly isCertified: boolean;
  /** Only to change the password, and to leave. */
  readonly mustChange: boolean;
}

/**
 * One connection, one operation at a time and in order (RFC 4511 §3.1 allows more, §4.2.1 demands
 * it around a bind). All answers to one piece of input leave in one write. Whoever sends faster
 * than we answer, or reads slower, is not read from for a while.
 */
export class Conversation {
  readonly #parts: ConversationParts;
  readonly #wire: Wire;
  readonly #framer = new LdapFramer();
  /** The account as it was when it signed in, by a certificate or not. */
  #signedIn: SignedIn | null = null;
  /** Read, cut, not yet looked at. */
  #frames: Bytes[] = [];
  #waiting: LdapMessage[] = [];
  #outbox: Bytes[] = [];
  #outboxOctets = 0;
  /** Message id of the bind or long search that runs beyond this turn. */
  #running: number | null = null;
  #isAbandoned = false;
  #isOver = false;

  constructor(parts: ConversationParts, wire: Wire) {
    this.#parts = parts;
    this.#wire = wire;
  }

  /** Bytes from the peer. */
  receive(chunk: Bytes): void {
    if (this.#isOver) return;
    const frames = this.#framer.push(chunk);
    if (!frames.ok) {
      this.#disconnect("protocolError", frames.error);
      return;
    }
    this.#frames.push(...frames.value);
    this.#proceed();
  }

  /** The peer has taken what we sent. */
  drained(): void {
    this.#proceed();
  }

  /** The connection is gone: what runs for it is for nobody. */
  over(): void {
    this.#isOver = true;
    this.#isAbandoned = true;
    this.#frames = [];
    this.#waiting = [];
  }

  /** Says why, then closes (RFC 4511 §4.4.1). False: it was over already. */
  dismiss(code: ResultCodeName, detail: string): boolean {
    if (this.#isOver) return false;
    const result = resultOf(code, detail);
    this.#put(0, { kind: "extended", result, oid: noticeOfDisconnectionOid, value: null });
    this.#flush();
    this.over();
    this.#wire.end();
    return true;
  }

  /** CS16: why it must end; null while whoever signed in on it is still in. */
  objection(isAllowed = this.#isAllowed()): string | null {
    const isOut = this.#signedIn !== null && (!isAllowed || this.#account() === null);
    return isOut ? "whoever signed in on it would not be let in like that now" : null;
  }

  #disconnect(code: ResultCodeName, detail: string): void {
    this.#parts.note(this.#wire.source, detail);
    this.dismiss(code, detail);
  }

  #proceed(): void {
    while (!this.#isOver && this.#isUnsentLow() && this.#step());
    this.#flush();
    if (this.#isOver) return;
    const isFull = this.#waiting.length >= outstandingMax || !this.#isUnsentLow();
    if (isFull) this.#wire.pause();
    else this.#wire.resume();
  }

  #isUnsentLow(): boolean {
    return this.#wire.unsent() + this.#outboxOctets < unsentMax;
  }

  /** One operation or one frame further; false when there is nothing to do now. */
  #step(): boolean {
    const next = this.#running === null ? this.#waiting.shift() : undefined;
    if (next !== undefined) {
      this.#answer(next);
      return true;
    }
    const frame = this.#waiting.length < outstandingMax ? this.#frames.shift() : undefined;
    if (frame === undefined) return false;
    this.#arrive(frame);
    return true;
  }

  #arrive(frame: Bytes): void {
    const message = decodeRequest(frame);
    if (!message.ok) {
      this.#refuse(message.error);
      return;
    }
    const { request } = message.value;
    if (request.kind === "unbind") {
      this.#flush();
      this.over();
      this.#wire.end();
    } else if (request.kind === "abandon") this.#abandon(request.abandonedId);
    else this.#waiting.push(message.value);
  }

  #refuse(refusal: LdapRefusal): void {
    if (refusal.kind === "disconnect") this.#disconnect("protocolError", refusal.detail);
    else this.#putResult(refusal.id, refusal.request, resultOf("protocolError", refusal.detail));
  }

  /** A bind runs to its end (RFC 4511 §4.11); of anything else nothing more is heard. */
  #abandon(id: number): void {
    if (this.#running === id) this.#isAbandoned = true;
    this.#waiting = this.#waiting.filter(
      (message) => message.id !== id || message.request.kind === "bind",
    );
  }

  #answer({ id, request, controls }: LdapMessage): void {
    const client = this.#wire.client();
    if (client.verdict === "refused") {
      this.#decline(id, request.kind, client.refusal);
      return;
    }
    // Of who sends it everything is told that the policy has to say.
    const isTold = this.#parts.changePassword !== undefined && controls.some(isPolicyControl);
    const criticalControl = controls.find(
      (control) => control.isCritical && !(isTold && isPolicyControl(control)),
    );
    if (criticalControl !== undefined) {
      const detail = `the control ${criticalControl.oid} is not known here`;
      this.#putResult(id, request.kind, resultOf("unavailableCriticalExtension", detail));
    } else if (request.kind === "bind") this.#bind(id, request, isTold);
    else if (request.kind === "search") this.#search(id, request);
    else if (request.kind === "extended") this.#extended(id, request, isTold);
    else this.#putResult(id, request.kind, this.#resultFor(request));
  }

  /** CS6: said in the answer, where an engineer sees it, and then no more is answered. */
  #decline(id: number, kind: LdapRequest["kind"], refusal: Refusal): void {
    const { ldap: code } = refusalSpec(refusal.code);
    this.#putResult(id, kind, { code, matchedDn: "", message: wordsOf(refusal) });
    this.#flush();
    this.over();
    this.#wire.end();
  }

  #resultFor(request: Exclude<LdapRequest, LdapBind | LdapSearch>): LdapResult {
    if (request.kind !== "compare") return resultOf("unwillingToPerform", readOnly);
    const reader = this.#reader();
    return reader.ok ? this.#parts.directory.compare(request, reader.value) : reader.error;
  }

  #bind(id: number, request: LdapBind, isTold: boolean): void {
    this.#signedIn = null; // RFC 4511 §4.2.1: until the answer, and after a failure, nobody.
    if (!this.#isAllowed()) {
      // Before the request is looked at: what should not have come is neither used nor judged.
      this.#putResult(id, "bind", resultOf("confidentialityRequired", tlsFirst));
      return;
    }
    const judged = judgeBind(request);
    if (judged !== "ask") this.#finishBind(id, judged, { isTold });
    else if (!this.#canSignIn()) {
      this.#putResult(id, "bind", resultOf("unavailable", unavailable));
    } else if (
      request.credential.kind === "sasl" &&
      this.#parts.isTriedTooOften(this.#wire.source)
    ) {
      this.#putResult(id, "bind", resultOf("busy", tooOften));
    } else void this.#askPipeline(id, request, isTold);
  }

  #isAllowed(): boolean {
    return this.#wire.clear?.isAllowed() ?? true;
  }

  async #askPipeline(id: number, request: LdapBind, isTold: boolean): Promise<void> {
    this.#running = id;
    const client = this.#wire.client();
    const place = {
      source: this.#wire.source,
      client: client.verdict === "ok" ? client.client : null,
      isClear: this.#wire.clear !== null,
      mayChange: isTold,
    };
    const outcome = await bind(this.#parts.frontEnd, request, place);
    this.#running = null;
    if (outcome.account !== null) this.#wire.clear?.noteSignIn(outcome.account.name);
    if (this.#isOver) return;
    this.#finishBind(id, outcome, { isTold, isCertified: request.credential.kind === "sasl" });
    this.#proceed();
  }

  #finishBind(
    id: number,
    { account, result, mustChange = false, told = {} }: BindOutcome,
    { isTold, isCertified = false }: { readonly isTold: boolean; readonly isCertified?: boolean },
  ): void {
    this.#signedIn = account && { account, isCertified, mustChange };
    this.#put(id, { kind: "bind", result }, isTold ? told : null);
  }

  #search(id: number, request: LdapSearch): void {
    const isOpen = request.base === "" || this.#canSignIn();
    const open = isOpen ? this.#parts.directory.searchOpen(request) : undefined;
    if (open !== undefined) {
      this.#putFound(id, open);
      return;
    }
    const reader = this.#reader();
    if (!reader.ok) {
      this.#putResult(id, "search", reader.error);
      return;
    }
    const steps = this.#parts.directory.search(request, reader.value);
    const first = steps.next();
    if (first.done === true) this.#putFound(id, first.value);
    else void this.#searchOn(id, steps);
  }

  async #searchOn(id: number, steps: Generator<undefined, SearchOutcome>): Promise<void> {
    this.#running = id;
    this.#isAbandoned = false;
    let outcome: SearchOutcome | undefined;
    while (outcome === undefined && !this.#isAbandoned) {
      await this.#parts.nextTurn(); // Ends: a search has a time limit of its own.
      const step = steps.next();
      if (step.done === true) outcome = step.value;
    }
    this.#running = null;
    if (this.#isOver) return;
    if (outcome !== undefined && !this.#isAbandoned) this.#putFound(id, outcome);
    this.#proceed();
  }

  #extended(id: number, { oid, value }: LdapExtended, isTold: boolean): void {
    const { changePassword } = this.#parts;
    if (oid === startTlsOid && this.#wire.clear !== null) {
      this.#startTls(id, this.#wire.clear);
    } else if (oid === passwordModifyOid && changePassword !== undefined) {
      void this.#modifyPassword(id, changePassword, { value, isTold });
    } else {
      const authorization = oid === whoAmIOid ? this.#whoAmI() : err(refusedExtension(oid));
      const result = authorization.ok ? success : authorization.error;
      const identity = authorization.ok ? utf8(authorization.value) : null;
      this.#put(id, { kind: "extended", result, oid: null, value: identity });
    }
  }

  async #modifyPassword(
    id: number,
    change: ChangePassword,
    { value, isTold }: { readonly value: Bytes | null; readonly isTold: boolean },
  ): Promise<void> {
    const signedIn = this.#account() === null ? null : this.#signedIn;
    if (signedIn === null) {
      const result = resultOf("insufficientAccessRights", "sign in first");
      this.#put(id, { kind: "extended", result, oid: null, value: null });
      return;
    }
    this.#running = id;
    const { frontEnd } = this.#parts;
    const { account } = signedIn;
    const order = {
      value,
      account,
      source: this.#wire.source,
      isClear: this.#wire.clear !== null,
    };
    const { result, told } = await modifyPassword({ frontEnd, change }, order);
    this.#running = null;
    if (this.#isOver) return;
    const changed = frontEnd.state().tables.accounts.get(account.id);
    if (result === success && changed !== undefined) {
      // Who has just proved both passwords need not sign in anew.
      this.#signedIn = { ...signedIn, account: changed, mustChange: false };
    }
    this.#put(id, { kind: "extended", result, oid: null, value: null }, isTold ? told : null);
    this.#proceed();
  }

  /**
   * RFC 4511 §4.14. What came in clear text behind the request was sent by nobody that the TLS to
   * come will know: such a peer is sent away.
   */
  #startTls(id: number, clear: ClearWire): void {
    const isFollowed =
      this.#frames.length > 0 || this.#waiting.length > 0 || this.#framer.isWaiting;
    if (isFollowed) {
      this.#disconnect("protocolError", "nothing may follow a StartTLS request before its answer");
      return;
    }
    this.#put(id, { kind: "extended", result: success, oid: startTlsOid, value: null });
    this.#flush();
    this.over();
    clear.startTls();
  }

  /** RFC 4532: an empty identity is anonymous. */
  #whoAmI(): Result<string, LdapResult> {
    if (!this.#canSignIn()) return err(resultOf("unavailable", unavailable));
    const account = this.#account();
    if (account === null) return ok("");
    return this.#signedIn?.mustChange === true
      ? err(changeFirst)
      : ok(this.#parts.directory.authorizationId(account));
  }

  /** Who reads, or why nobody may. Everything but the root DSE comes through here. */
  #reader(): Result<AccountRow, LdapResult> {
    if (!this.#canSignIn()) return err(resultOf("unavailable", unavailable));
    const account = this.#account();
    if (account === null) return err(resultOf("insufficientAccessRights", "sign in first"));
    return this.#signedIn?.mustChange === true ? err(changeFirst) : ok(account);
  }

  #canSignIn(): boolean {
    return this.#parts.frontEnd.condition().canSignIn;
  }

  /**
   * A sign-in ends with its account, as a session over HTTPS does, and where it was by certificate
   * when that leads there no more.
   */
  #account(): AccountRow | null {
    if (this.#signedIn === null) return null;
    const { account: then, isCertified } = this.#signedIn;
    const { state, now: clock } = this.#parts.frontEnd;
    const now = state().tables.accounts.get(then.id);
    const isSame = now !== undefined && isStillSignedIn(now, credentialVersion(then), clock());
    const isProved = !isCertified || this.#leadsTo(then);
    const isStillIn = isSame && isProved && this.#isAllowed();
    if (!isStillIn) this.#signedIn = null;
    return isStillIn ? now : null;
  }

  #leadsTo({ id }: AccountRow): boolean {
    const client = this.#wire.client();
    return client.verdict === "ok" && client.client?.account === id;
  }

  #putFound(id: number, { entries, result }: SearchOutcome): void {
    for (const entry of entries) this.#putBytes(encodeEnvelope(id, entry));
    if (result === success) this.#putBytes(encodeEnvelope(id, searchDone));
    else this.#putResult(id, "search", result);
  }

  #putResult(id: number, kind: LdapRequest["kind"], result: LdapResult): void {
    if (kind === "unbind" || kind === "abandon") return; // They have no answer.
    if (kind === "extended") this.#put(id, { kind, result, oid: null, value: null });
    else this.#put(id, { kind, result });
  }

  #put(id: number, response: LdapResponse, told: PasswordPolicyAnswer | null = null): void {
    const controls = told === null ? [] : [passwordPolicyControl(told)];
    this.#putBytes(encodeResponse(id, response, controls));
  }

  #putBytes(bytes: Bytes): void {
    this.#outbox.push(bytes);
    this.#outboxOctets += bytes.length;
  }

  #flush(): void {
    if (this.#outbox.length === 0) return;
    this.#wire.write(concat(this.#outbox));
    this.#outbox = [];
    this.#outboxOctets = 0;
  }
}

function isPolicyControl({ oid }: LdapControl): boolean {
  return oid === passwordPolicyOid;
}

const changeFirst = resultOf("insufficientAccessRights", refusalSpec("password.must-change").says);

function refusedExtension(oid: string): LdapResult {
  if (oid === passwordModifyOid) return resultOf("unwillingToPerform", readOnly);
  // RFC 4511 §4.14.2: TLS is already there. §4.12: no other name is recognised.
  return oid === startTlsOid
    ? resultOf("operationsError", "this connection uses TLS from its first byte on")
    : resultOf("protocolError", "this extended operation is not known here");
}

/** The end of nearly every search, encoded once. */
const searchDone = encodeResponseOperation({ kind: "search", result: success });

const tlsFirst = "this server takes no sign-in without TLS: use StartTLS or LDAPS";
const readOnly = "the directory is read-only over LDAP; use the console or the command line";
const unavailable = refusalSpec("server.unavailable").says;
const tooOften = refusalSpec("request.too-often").says;
