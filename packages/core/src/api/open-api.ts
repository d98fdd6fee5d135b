import * as z from "zod";
import type { Json } from "../base/canonical.ts";
import { answerMeta, failureEnvelope } from "./envelope.ts";
import { noBody, noParams, noQuery, type Route } from "./route.ts";
import { requestIdHeader, requestIdText, routes } from "./routes.ts";

/** The interface as OpenAPI 3.1, made from the schemas that server and client run on. */
export function openApi(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, route] of Object.entries<Route>(routes)) {
    paths[route.path] = {
      ...paths[route.path],
      [route.method.toLowerCase()]: operation(name, route),
    };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Gridward",
      version: "1",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      description:
        "Changes are made on the Main; a Standby passes them on. Where it cannot, it refuses them " +
        "with `pair.not-main` and names the Main.",
    },
    paths,
    components: {
      securitySchemes: { session: { type: "http", scheme: "bearer" } },
      schemas: { Failure: schemaOf(failureEnvelope, "output") },
    },
  };
}

function operation(name: string, route: Route): Json {
  const parameters = [
    ...parametersOf(route.params, "path"),
    ...parametersOf(route.query, "query"),
    ...(route.method === "GET" ? [] : [requestIdParameter]),
  ];
  return {
    operationId: name,
    summary: route.summary,
    tags: [route.path.split("/")[2] ?? "system"],
    ...(route.access === "anyone"
      ? { security: [] }
      : { security: [{ session: [] }], "x-gridward-access": route.access }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === noBody
      ? {}
      : { requestBody: { required: true, content: jsonOf(schemaOf(route.body, "input")) } }),
    responses: {
      "200": { description: "Done", content: jsonOf(envelopeOf(route.answer)) },
      default: {
        description: "Refused: see the list of refusals",
        content: jsonOf({ $ref: "#/components/schemas/Failure" }),
      },
    },
  };
}

const requestIdParameter: Json = {
  name: requestIdHeader,
  in: "header",
  required: false,
  description: "Made by the caller; the same change sent again gets the first outcome",
  schema: { type: "string", pattern: requestIdText.source },
};

function envelopeOf(answer: z.ZodType): Json {
  return schemaOf(z.object({ ok: z.literal(true), data: answer, meta: answerMeta }), "output");
}

function jsonOf(schema: Json): Json {
  return { "application/json": { schema } };
}

function parametersOf(schema: z.ZodType, place: "path" | "query"): readonly Json[] {
  if (schema === noParams || schema === noQuery || !(schema instanceof z.ZodObject)) return [];
  return Object.entries<z.core.$ZodType>(schema.shape).map(([name, member]) => ({
    name,
    in: place,
    required: place === "path",
    schema: schemaOf(member instanceof z.ZodOptional ? member.unwrap() : member, "input"),
  }));
}

/** Its result is JSON by construction; parsing proves it to the compiler. */
function schemaOf(schema: z.core.$ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    override({ jsonSchema }) {
      // Members are only ever added to answers, so a client must accept more of them.
      if (io === "output") delete jsonSchema.additionalProperties;
    },
  });
  return z.json().parse(rest);
}
