// Account changes over kept-alive TLS connections, one under way on each: the generator shares two
// cores with both servers, so it does no more than it must.
import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { assert } from "@gridward/core/base/result";
import { freshRequestId } from "@gridward/runtime/os/random";

/** One server and who asks it. */
export interface Door {
  readonly port: number;
  readonly ca: string;
  readonly token: string;
}

/** What is heard on the connection, until an answer is whole. */
interface Hearing {
  text: string;
  answer: ((body: string) => void) | undefined;
  fail: ((error: Error) => void) | undefined;
}

/** One administrator's connection. */
class Caller {
  readonly #socket: TLSSocket;
  readonly #head: string;
  readonly #hearing: Hearing = { text: "", answer: undefined, fail: undefined };

  private constructor(socket: TLSSocket, door: Door) {
    this.#socket = socket;
    this.#head =
      `host: 127.0.0.1:${door.port}\r\nauthorization: Bearer ${door.token}\r\n` +
      "content-type: application/json\r\n";
    socket.setEncoding("latin1"); // The answers that matter here are ASCII.
    socket.on("data", (piece: string) => this.#hear(piece));
    socket.on("error", (error: Error) => this.#hearing.fail?.(error));
    socket.on("close", () => this.#hearing.fail?.(new Error("the server closed the connection")));
  }

  static async open(door: Door): Promise<Caller> {
    const socket = connect({ port: door.port, host: "127.0.0.1", ca: door.ca });
    await once(socket, "secureConnect");
    socket.setNoDelay(true);
    return new Caller(socket, door);
  }

  async rename(account: string, displayName: string): Promise<void> {
    const body = JSON.stringify({ display_name: displayName });
    await this.#ask(
      `PATCH /v1/accounts/${account} HTTP/1.1\r\n${this.#head}` +
        `request-id: ${freshRequestId()}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  }

  /** The account as the server shows it, in JSON. */
  async show(account: string): Promise<string> {
    return this.#ask(`GET /v1/accounts/${account} HTTP/1.1\r\n${this.#head}\r\n`);
  }

  close(): void {
    this.#hearing.fail = undefined;
    this.#socket.destroy();
  }

  async #ask(request: string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    Object.assign(this.#hearing, { answer: resolve, fail: reject });
    this.#socket.write(request, "latin1");
    return promise;
  }

  #hear(piece: string): void {
    const hearing = this.#hearing;
    hearing.text += piece;
    const bodyAt = hearing.text.indexOf("\r\n\r\n") + 4;
    if (bodyAt < 4) return;
    const length = Number(/content-length: (\d+)/i.exec(hearing.text)?.[1]);
    if (hearing.text.length < bodyAt + length) return;
    const { text, answer } = hearing;
    hearing.text = "";
    assert(text.startsWith("HTTP/1.1 200 "), text);
    answer?.(text.slice(bodyAt));
  }
}

export interface ChangeLoad {
  readonly writers: number;
  readonly seconds: number;
  readonly accounts: number;
}

/** Each writer waits for its answer, then sends the next; ms of each. */
export async function measureChanges(
  main: Door,
  { writers, seconds, accounts }: ChangeLoad,
): Promise<readonly number[]> {
  const callers = await Promise.all(Array.from({ length: writers }, () => Caller.open(main)));
  const times: number[] = [];
  const end = performance.now() + seconds * 1_000;
  let next = 0;
  const write = async (caller: Caller): Promise<void> => {
    while (performance.now() < end) {
      const at = performance.now();
      await caller.rename(`person${next++ % accounts}`, `Changed at ${at}`);
      times.push(performance.now() - at);
    }
  };
  await Promise.all(callers.map(write));
  for (const caller of callers) caller.close();
  return times;
}

/** From the Main's answer to the answer of the Standby that shows the change, asked without pause. */
export async function measurePropagation(
  doors: { readonly main: Door; readonly standby: Door },
  account: string,
  seconds: number,
): Promise<readonly number[]> {
  const main = await Caller.open(doors.main);
  const standby = await Caller.open(doors.standby);
  const times: number[] = [];
  const end = performance.now() + seconds * 1_000;
  for (let change = 0; performance.now() < end; change++) {
    const name = `Seen ${change} ${performance.now()}`;
    await main.rename(account, name);
    const at = performance.now();
    while (!(await standby.show(account)).includes(name)) {
      if (performance.now() - at > 10_000) throw new Error("a change does not reach the Standby");
    }
    times.push(performance.now() - at);
  }
  main.close();
  standby.close();
  return times;
}
