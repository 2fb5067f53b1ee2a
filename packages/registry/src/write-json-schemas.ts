import { writeFileSync } from "node:fs";
import { blueprintJsonSchema, registryJsonSchema } from "./registry-json-schema.ts";

// `pnpm generate`: the files that are shipped. A test fails when they are not current.
const schemas = [
  ["registry.schema.json", registryJsonSchema()],
  ["blueprint.schema.json", blueprintJsonSchema()],
] as const;
for (const [file, schema] of schemas) {
  writeFileSync(new URL(`../${file}`, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`);
}
