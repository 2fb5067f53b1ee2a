import type { SchemaObject } from "./schema-object.ts";

/** What a session needs before it makes objects: nothing cancels it, names are full, bodies are not looked into. */
export const schemaSettings: readonly string[] = [
  "SET statement_timeout = 0",
  "SET lock_timeout = 0",
  "SET idle_in_transaction_session_timeout = 0",
  // Those of versions 14 and 17: a server that does not know them cannot end anything by them.
  "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name IN ('idle_session_timeout', 'transaction_timeout')",
  "SET client_encoding = 'UTF8'",
  "SET standard_conforming_strings = on",
  "SELECT pg_catalog.set_config('search_path', '', false)",
  "SET check_function_bodies = off",
  "SET xmloption = content",
  "SET client_min_messages = warning",
  "SET row_security = off",
];

/** A text that `psql -v ON_ERROR_STOP=1 -f` runs. It has no commands of psql. */
export function renderSchemaSql(objects: readonly SchemaObject[]): string {
  const head = schemaSettings.map((setting) => `${setting};\n`).join("");
  // A name may hold a line break: it must not end the comment.
  const parts = objects.map(({ id, sql }) => `\n-- ${JSON.stringify(id).slice(1, -1)}\n${sql}\n`);
  return `${head}${parts.join("")}`;
}
