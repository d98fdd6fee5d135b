import { Box, Text, render, useInput, useWindowSize, type Key } from "ink";
import { createElement, useEffect, useReducer, useRef, type ReactElement } from "react";
import type { Millis } from "@gridward/core/base/time";
import type { Clock } from "@gridward/runtime/os/clock";
import type { LocalAnswer, LocalRequest } from "../access/request.ts";
import { fitLines, foldLine, lastTop } from "./fit-lines.ts";
import { firstState, type PanelEvent, type PanelKey, type PanelState } from "./panel-state.ts";
import { step } from "./panel-step.ts";
import { viewOf, type Line, type PanelView, type Tone } from "./panel-view.ts";

export interface PanelParts {
  readonly ask: (request: LocalRequest) => Promise<LocalAnswer | "not running" | "timed out">;
  readonly clock: Clock;
  /** The terminal is taken away, or the program is to end. */
  readonly stop: AbortSignal;
}

const lookEvery: Millis = 1_000;

/** Runs on the terminal until Ctrl-C; gives who was still signed in. */
export async function runPanel(parts: PanelParts): Promise<string | null> {
  let last: PanelState = firstState;
  const app = createElement(Panel, { parts, onState: (state: PanelState) => void (last = state) });
  const shown = render(app, {
    alternateScreen: true,
    interactive: true,
    maxFps: 4,
    patchConsole: false,
  });
  parts.stop.addEventListener("abort", () => shown.unmount(), { once: true });
  try {
    await shown.waitUntilExit();
  } catch (error) {
    if (!parts.stop.aborted) throw error; // Else there is nothing left to draw on.
  }
  return last.session?.account ?? null;
}

function Panel({
  parts,
  onState,
}: {
  readonly parts: PanelParts;
  readonly onState: (state: PanelState) => void;
}): ReactElement {
  const { clock } = parts;
  const held = useRef(firstState);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const { columns, rows } = useWindowSize();
  const feed = (event: PanelEvent): void => {
    const { state, asks } = step(held.current, event);
    held.current = state;
    onState(state);
    for (const request of asks) {
      const to = request.verb;
      void parts.ask(request).then((answer) => feed({ kind: "answered", to, answer }));
    }
    redraw();
  };
  useEffect(() => {
    const gone = new AbortController();
    void beat(clock, gone.signal, () => feed({ kind: "tick", at: clock.monotonic() }));
    return () => gone.abort();
  }, []);
  useInput((input, key) => {
    for (const each of keysOf(input, key)) {
      const { view, room } = layOut(held.current, columns, rows);
      const end = lastTop(view, columns, room);
      feed({ kind: "key", key: each, at: clock.monotonic(), lastTop: end });
    }
  });
  return draw(held.current, columns, rows);
}

async function beat(clock: Clock, gone: AbortSignal, work: () => void): Promise<void> {
  while (!gone.aborted) {
    work();
    await clock.sleep(lookEvery, gone);
  }
}

/** What is typed fast, or by a script, arrives together, and an enter in the middle of it. */
export function keysOf(input: string, key: Partial<Key>): readonly PanelKey[] {
  if (key.upArrow) return [{ kind: "up" }];
  if (key.downArrow) return [{ kind: "down" }];
  if (key.return) return [{ kind: "enter" }];
  if (key.escape) return [{ kind: "escape" }];
  if (key.backspace || key.delete) return [{ kind: "erase" }];
  if (key.ctrl || key.meta) return [];
  return input.split("\r").flatMap((typed, index): readonly PanelKey[] => {
    const text = typed.replaceAll(/[^\x20-\x7e]/g, "");
    const keys: readonly PanelKey[] = text === "" ? [] : [{ kind: "text", text }];
    return index === 0 ? keys : [{ kind: "enter" }, ...keys];
  });
}

interface Layout {
  readonly view: PanelView;
  readonly head: readonly Line[];
  /** Lines between head and foot. */
  readonly room: number;
}

function layOut(state: PanelState, columns: number, rows: number): Layout {
  const view = viewOf(state);
  const folded = view.head.flatMap((line) => foldLine(line, columns));
  const head = [...folded, { text: "─".repeat(columns), tone: "calm" } as const];
  return { view, head, room: rows - head.length - 2 };
}

function draw(state: PanelState, columns: number, rows: number): ReactElement {
  const { view, head, room } = layOut(state, columns, rows);
  const lines = [...head, ...fitLines(view, columns, room)];
  return createElement(
    Box,
    { flexDirection: "column", width: columns, height: Math.max(1, rows - 1) },
    ...lines.map((line, index) => drawLine(line, index)),
    createElement(Box, { key: "space", flexGrow: 1 }),
    drawLine({ text: view.foot, tone: "calm" }, "foot"),
  );
}

const colours: { readonly [One in Tone]: string | undefined } = {
  plain: undefined,
  calm: "gray",
  good: "green",
  warn: "yellow",
  bad: "red",
  chosen: undefined,
};

function drawLine({ text, tone }: Line, key: number | string): ReactElement {
  const colour = colours[tone];
  const style = { inverse: tone === "chosen", ...(colour === undefined ? {} : { color: colour }) };
  return createElement(Text, { key, wrap: "truncate-end", ...style }, text === "" ? " " : text);
}
