import assert from "node:assert/strict";
import { type Bytes, concat, utf8 } from "@gridward/core/base/bytes";
import { accountId, deviceId, type GroupId, nodeId } from "@gridward/core/base/identity";
import { Secret } from "@gridward/core/base/secret";
import type { LdapFilter } from "@gridward/core/codec/ldap/filter";
import { LdapFramer } from "@gridward/core/codec/ldap/framer";
import type { LdapControl } from "@gridward/core/codec/ldap/message";
import {
  encodeRequest,
  type LdapRequest,
  type LdapSearch,
} from "@gridward/core/codec/ldap/request";
import { decodeResponse, type LdapResponse } from "@gridward/core/codec/ldap/response";
import { type ResultCodeName, resultCodes } from "@gridward/core/codec/ldap/result-code";
import type { NewDevice } from "@gridward/core/domain/command";
import { aRole, aStation, createAccount, noon, type World } from "@gridward/core/domain/fixtures";
import { accountOf } from "@gridward/core/domain/mapping";
import { refuse } from "@gridward/core/domain/refusal";
import { roleIds } from "@gridward/core/domain/roles";
import type { ServerCondition } from "@gridward/core/domain/server-status";
import type { SignInAnswer } from "@gridward/core/domain/sign-in-answer";
import type { ClientGate, ClientVerdict } from "../../clients/client-gate.ts";
import type { FrontEndParts, SignInAttempt } from "../../parts.ts";
import { Conversation } from "./conversation.ts";
import type { LdapBind } from "./bind.ts";
import type { ChangePassword } from "./modify-password.ts";
import { openDirectory } from "./directory.ts";
import type { ClearWire, Wire } from "./wire.ts";

/** Every client is taken, and nobody's certificate is looked at. */
export const anyClient: Pick<ClientGate, "judge" | "objection"> = {
  judge: () => ({ verdict: "ok", client: null }),
  objection: () => null,
};

export const base = "dc=example,dc=org";
export const anna = accountId("anna");
export const annaDn = `uid=anna,ou=people,${base}`;

/** A conversation over an invisible wire, with a pipeline that knows one password. */
export class Talk {
  readonly written: Bytes[] = [];
  readonly attempts: SignInAttempt[] = [];
  readonly notes: string[] = [];
  isEnded = false;
  isPaused = false;
  unsent = 0;
  monotonic = 0;
  turns = 0;
  /** Sign-ins by certificate that its source has left. */
  tries = 100;
  now = noon;
  condition: Partial<ServerCondition> = {};
  /** What the pipeline says of the password of whoever is let in. */
  told: Partial<Extract<SignInAnswer, { outcome: "accepted" }>> = {};
  /** Holds a sign-in back until it is resolved. */
  gate: Promise<void> = Promise.resolve();
  /** What the certificate of its connection came to. */
  client: ClientVerdict = { verdict: "ok", client: null };
  /** What the wire has where it is without TLS. */
  readonly clear: ClearWire | null;
  readonly world: World;
  readonly frontEnd: FrontEndParts;
  readonly conversation: Conversation;
  #nextId = 1;
  #read = 0;

  /** Controls of the last answer. */
  controls: readonly LdapControl[] = [];

  constructor(
    world: World = aStation(),
    clear: ClearWire | null = null,
    changePassword?: ChangePassword,
  ) {
    this.world = world;
    this.clear = clear;
    this.frontEnd = this.#makeFrontEnd();
    const { frontEnd } = this;
    const monotonic = (): number => this.monotonic;
    const directory = openDirectory(frontEnd, {
      monotonic,
      version: "0.1.0",
      offersStartTls: false,
      changesPasswords: changePassword !== undefined,
    });
    const nextTurn = async (): Promise<void> => {
      this.turns++;
    };
    const note = (_: string, detail: string): void => void this.notes.push(detail);
    const isTriedTooOften = (): boolean => this.tries-- <= 0;
    const change = changePassword && { changePassword };
    const parts = { frontEnd, directory, nextTurn, isTriedTooOften, note, ...change };
    this.conversation = new Conversation(parts, this.#wire());
  }

  #makeFrontEnd(): FrontEndParts {
    return {
      state: () => this.world.state,
      condition: () => ({
        node: nodeId("A"),
        duty: "main",
        state: "lone",
        canSignIn: true,
        fresh: true,
        ageMs: 0,
        at: this.now,
        ...this.condition,
      }),
      status: () => assert.fail("LDAP asked for the status"),
      signIn: async (attempt) => {
        this.attempts.push(attempt);
        await this.gate;
        return this.#judge(attempt);
      },
      submit: () => assert.fail("LDAP wrote"),
      now: () => this.now,
    };
  }

  #judge({ name, password, certificate }: SignInAttempt): SignInAnswer {
    const id = certificate
      ? accountOf(this.world.state, certificate)
      : this.world.state.accountsByName.get(name);
    const account = id === undefined ? undefined : this.world.state.tables.accounts.get(id);
    if (account === undefined) {
      return {
        outcome: "refused",
        refusal: refuse("credential.unknown-account", name).error,
        event: 1120,
      };
    }
    const isOther = certificate !== undefined && name !== "" && name !== account.name;
    if (isOther || (password !== null && password.reveal() !== "right")) {
      return {
        outcome: "refused",
        refusal: refuse("credential.rejected", name).error,
        event: 1120,
      };
    }
    const { roles } = account;
    return {
      outcome: "accepted",
      account,
      roles,
      fresh: true,
      mustChange: account.password?.mustChange === true,
      expiresAt: null,
      warns: false,
      graceLeft: null,
      event: 1110,
      ...this.told,
    };
  }

  #wire(): Wire {
    return {
      source: "192.0.2.7",
      client: () => this.client,
      clear: this.clear,
      write: (bytes) => {
        assert.equal(this.isEnded, false, "written after the end");
        this.written.push(bytes);
      },
      unsent: () => this.unsent,
      pause: () => void (this.isPaused = true),
      resume: () => void (this.isPaused = false),
      end: () => void (this.isEnded = true),
    };
  }

  /** Sends without looking at the answer; gives the message id. */
  send(...requests: readonly LdapRequest[]): number {
    const first = this.#nextId;
    const messages = requests.map((request) =>
      encodeRequest({ id: this.#nextId++, request, controls: [] }),
    );
    this.conversation.receive(concat(messages));
    return first;
  }

  /** What came since the last look. */
  take(): readonly { readonly id: number; readonly response: LdapResponse }[] {
    const framer = new LdapFramer();
    const frames = framer.push(concat(this.written.slice(this.#read)));
    assert.ok(frames.ok);
    this.#read = this.written.length;
    return frames.value.map((frame) => {
      const answer = decodeResponse(frame);
      assert.ok(answer.ok);
      this.controls = answer.value.controls;
      return { id: answer.value.id, response: answer.value.response };
    });
  }

  /** Waits until something came, for more turns of promises than an operation needs. */
  async answers(): Promise<readonly { readonly id: number; readonly response: LdapResponse }[]> {
    for (let turn = 0; turn < 10_000 && this.written.length === this.#read; turn++) {
      await Promise.resolve();
    }
    return this.take();
  }

  async ask(request: LdapRequest, controls: readonly LdapControl[] = []): Promise<Asked> {
    const message = { id: this.#nextId++, request, controls };
    this.conversation.receive(encodeRequest(message));
    const responses = await this.answers();
    assert.ok(responses.every(({ id }) => id === message.id));
    return summary(responses.map(({ response }) => response));
  }

  async signIn(name: string): Promise<this> {
    const { code } = await this.ask(aBind(`uid=${name},ou=people,${base}`, "right"));
    assert.equal(code, "success");
    return this;
  }
}

export interface Asked {
  readonly code: ResultCodeName | undefined;
  readonly message: string;
  readonly matched: string;
  readonly entries: readonly Found[];
  readonly value: string;
}

export interface Found {
  readonly dn: string;
  readonly attributes: Readonly<Record<string, readonly string[]>>;
}

function summary(responses: readonly LdapResponse[]): Asked {
  const entries: Found[] = [];
  let last: Omit<Asked, "entries"> | undefined;
  for (const response of responses) {
    if (response.kind === "entry") {
      const pairs = response.attributes.map(({ name, values }) => [name, values] as const);
      entries.push({ dn: response.dn, attributes: Object.fromEntries(pairs) });
    } else if (response.kind !== "reference") {
      const { code, message, matchedDn } = response.result;
      const value = response.kind === "extended" ? response.value : null;
      last = {
        code: codeNames.get(code),
        message,
        matched: matchedDn,
        value: new TextDecoder().decode(value ?? new Uint8Array(0)),
      };
    }
  }
  assert.ok(last);
  return { ...last, entries };
}

const codeNames: ReadonlyMap<number, ResultCodeName> = new Map(
  Object.entries(resultCodes).map(([name, code]) => {
    assert.ok(isCodeName(name));
    return [code, name];
  }),
);

function isCodeName(name: string): name is ResultCodeName {
  return name in resultCodes;
}

export function aBind(name: string, password: string): LdapBind {
  const credential = { kind: "simple", password: new Secret<Bytes>(utf8(password)) } as const;
  return { kind: "bind", version: 3, name, credential };
}

export function aSearch(filter: LdapFilter, changes: Partial<LdapSearch> = {}): LdapSearch {
  return {
    kind: "search",
    base,
    scope: "subtree",
    sizeLimit: 0,
    timeLimitSeconds: 0,
    typesOnly: false,
    filter,
    attributes: [],
    ...changes,
  };
}

export function equal(attribute: string, value: string): LdapFilter {
  return { kind: "equal", attribute, value };
}

export function and(...filters: readonly LdapFilter[]): LdapFilter {
  return { kind: "and", filters };
}

export const anything: LdapFilter = { kind: "present", attribute: "objectClass" };
export const whoAmI = { kind: "extended", oid: "1.3.6.1.4.1.4203.1.11.3", value: null } as const;

export function rootDse(...attributes: readonly string[]): LdapSearch {
  return aSearch(anything, { base: "", scope: "base", attributes });
}

export function namesOf({ entries }: Asked): readonly string[] {
  return entries.map(({ dn }) => dn.replace(`,${base}`, "")).toSorted();
}

/** anna OPERATOR in bay1, otto denied in bay1, sara SECADM, the device Q01. */
export function aTown(): World & { readonly group: GroupId } {
  const world = aStation();
  world.must(createAccount("otto", { displayName: "Otto Groß", groups: [world.group] }));
  world.must(createAccount("sara", { roles: [aRole(roleIds.SECADM)] }));
  world.must({ kind: "deny-in-group", id: world.group, account: accountId("otto") });
  const device: NewDevice = {
    id: deviceId("Q01"),
    name: "Q01",
    manufacturer: "Maker",
    type: "REX640",
    area: "Hill/Q01",
    accessPoints: [{ name: "AP1", ip: "192.0.2.21" }],
  };
  world.must({ kind: "register-devices", devices: [device], group: world.group });
  return world;
}
