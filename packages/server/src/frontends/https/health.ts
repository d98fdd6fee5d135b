import type { FastifyInstance, FastifyReply } from "fastify";
import { answerMetaOf } from "../../desk/reply.ts";
import type { FrontEndParts } from "../../parts.ts";

/** For load balancers and monitors, without a session: state in one word, the rest in the status. */
export function addHealth(app: FastifyInstance, front: FrontEndParts): void {
  const answer = (reply: FastifyReply, isWell: boolean): FastifyReply => {
    const { duty, state } = front.condition();
    return reply
      .code(isWell ? 200 : 503)
      .send({ ok: true, data: { well: isWell, duty, state }, meta: answerMetaOf(front) });
  };
  app.get("/health", async (_, reply) => answer(reply, front.condition().canSignIn));
  app.get("/health/main", async (_, reply) => answer(reply, isMain(front)));
}

/** 200 on one server of a system only: what sends changes may choose by it. */
function isMain(front: FrontEndParts): boolean {
  const { duty } = front.condition();
  return duty === "main" || duty === "lone";
}
