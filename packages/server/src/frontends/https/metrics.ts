import type { FastifyInstance, FastifyRequest } from "fastify";
import { family, type Sample } from "@gridward/core/codec/prometheus";
import { iconText } from "@gridward/core/domain/glyph";
import { states } from "@gridward/core/domain/pair/states";
import type { Duty, ServerStatus } from "@gridward/core/domain/server-status";
import type { HttpsParts } from "./https-parts.ts";
import { judgeClient } from "./judge-client.ts";
import { readToken } from "./read-request.ts";

const prometheus = "text/plain; version=0.0.4; charset=utf-8";
const duties: readonly Duty[] = ["main", "standby", "lone", "fenced", "none"];

/**
 * HS1: what the status says, for a monitor. Numbers and codes are for whoever may ask for health;
 * sentences name servers and files, and are for who shows a certificate of ours or a session.
 */
export function addMetrics(app: FastifyInstance, parts: HttpsParts): void {
  app.get("/metrics", async (request, reply) => {
    const isKnown = isKnownHere(parts, request);
    return reply.header("content-type", prometheus).send(metricsText(parts, isKnown));
  });
}

function isKnownHere(parts: HttpsParts, request: FastifyRequest): boolean {
  const client = judgeClient(parts, request);
  if (client.ok && client.value !== null) return true;
  const token = readToken(request);
  if (token === null || !parts.front.condition().canSignIn) return false;
  const session = parts.sessions.check(token, null);
  return session.ok && !session.value.mustChange;
}

function metricsText({ front }: Pick<HttpsParts, "front">, isKnown: boolean): string {
  const status = front.status();
  const now = front.now();
  return [
    ...standing(status, isKnown),
    ...redundancy(status, now),
    family(
      "gridward_server_alarm",
      { says: "What is wrong, by its code: 1 while it stands." },
      alarmsOf(status, isKnown),
    ),
  ].join("");
}

function standing(status: ServerStatus, isKnown: boolean): readonly string[] {
  const { duty, state, icon, cause, remedy, version, name } = status;
  const words: Readonly<Record<string, string>> =
    isKnown && cause !== null ? { text: cause.text, remedy: remedy ?? "" } : {};
  return [
    family("gridward_server_info", { says: "This server and its version." }, [
      [{ name, version }, 1],
    ]),
    family(
      "gridward_server_duty",
      { says: "1 for the duty that this server has." },
      duties.map((each) => [{ duty: each }, Number(each === duty)]),
    ),
    family(
      "gridward_server_state",
      { says: "1 for the state that this server is in." },
      Object.keys(states).map((each) => [{ state: each }, Number(each === state)]),
    ),
    family("gridward_server_icon", { says: "How urgent the state is, by colour and word." }, [
      [{ colour: icon.colour, word: iconText(icon) }, 1],
    ]),
    family(
      "gridward_server_cause",
      { says: "Why the state is so, by its code; nothing where nothing is amiss." },
      cause === null ? [] : [[{ code: cause.code, ...words }, 1]],
    ),
    family("gridward_server_state_since_seconds", { says: "Unix time of the state's beginning." }, [
      [{}, unixTime(status.since)],
    ]),
  ];
}

function redundancy(status: ServerStatus, now: number): readonly string[] {
  const { position, promotable, changeover, ack_set, unprotected_since: since, partners } = status;
  const alone = since === null ? 0 : now / 1_000 - unixTime(since);
  const one = (value: number): readonly Sample[] => [[{}, value]];
  return [
    family("gridward_server_term", { says: "Term that this server knows." }, one(position.term)),
    family(
      "gridward_server_sequence",
      { says: "Number of the last change that is durable here." },
      one(position.seq),
    ),
    family(
      "gridward_server_ack_set_members",
      { says: "Servers that hold a change before it is answered." },
      one(ack_set.length),
    ),
    family(
      "gridward_server_unprotected_seconds",
      { says: "For how long changes have had one copy; 0: they have two." },
      one(Math.max(0, Math.round(alone))),
    ),
    family(
      "gridward_server_promotable",
      { says: "Would a promotion be taken now?" },
      one(Number(promotable.ok)),
    ),
    family(
      "gridward_server_changeover",
      { says: "Would a changeover be taken now?" },
      one(Number(changeover.ok)),
    ),
    family(
      "gridward_server_partner_behind",
      { says: "Changes by which one of the two is behind; none where it is not heard." },
      partners.flatMap(({ name, behind }): readonly Sample[] =>
        behind === null ? [] : [[{ partner: name }, behind]],
      ),
    ),
    family(
      "gridward_server_partner_conflict",
      { says: "A certificate is refused on the link, by the code of the cause." },
      partners.flatMap(({ name, conflict }): readonly Sample[] =>
        conflict === null ? [] : [[{ partner: name, code: conflict.code }, 1]],
      ),
    ),
  ];
}

/** Of several alarms with one code a stranger needs to know that there is one. */
function alarmsOf({ alarms }: ServerStatus, isKnown: boolean): readonly Sample[] {
  if (isKnown) {
    return alarms.map(({ code, text, remedy }) => [{ code, text, remedy }, 1]);
  }
  return [...new Set(alarms.map(({ code }) => code))].map((code) => [{ code }, 1]);
}

function unixTime(rfc3339: string): number {
  return Date.parse(rfc3339) / 1_000;
}
