import { z } from "zod";
import { blueprintSchema } from "./blueprint-schema.ts";
import { registrySchema } from "./registry-schema.ts";

/** A JSON Schema of draft 7, the one that editors know best. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The JSON Schema of a registry file; shipped as `@ctb-data/registry/registry.schema.json`. */
export function registryJsonSchema(): JsonSchema {
  return {
    ...jsonSchema(registrySchema),
    title: "ctb-data column registry",
    patternProperties: { "^x-": {} },
  };
}

/** The JSON Schema of a vendor blueprint; shipped as `@ctb-data/registry/blueprint.schema.json`. */
export function blueprintJsonSchema(): JsonSchema {
  return { ...jsonSchema(blueprintSchema), title: "ctb-data vendor blueprint" };
}

function jsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    target: "draft-7",
    io: "input",
    override: ({ jsonSchema: part }) => {
      // Editors then underline unknown keys; for the loader those are warnings unless they are near to a known one.
      if (part.properties !== undefined) part.additionalProperties = false;
    },
  });
}
