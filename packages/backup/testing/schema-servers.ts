import { readFile } from "node:fs/promises";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { findLocalPostgres, type LocalPostgres, startLocalPostgres } from "./local-postgres.ts";

/** Makes empty databases on one server. */
export interface SchemaServer extends AsyncDisposable {
  createDatabase(): Promise<string>;
  readonly local: LocalPostgres | undefined;
}

/** Undefined when the machine has no server of its own. */
export const localServer: string | undefined = await findLocalPostgres();

/** The embedded server, or the machine's own. */
export async function openSchemaServer(kind: "embedded" | "local"): Promise<SchemaServer> {
  const stack = new AsyncDisposableStack();
  const local =
    kind === "local" && localServer !== undefined
      ? stack.use(await startLocalPostgres(localServer))
      : undefined;
  let count = 0;
  return {
    local,
    createDatabase: async () => {
      count += 1;
      if (local) return await local.createDatabase(`schema_${count}`);
      return stack.use(await createTestDatabase()).url;
    },
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  };
}

/** The SQL of the schema with everything in it, for a server of this version. */
export async function tortureSchema(kind: "embedded" | "local"): Promise<string> {
  const all = await readFile(new URL("torture-schema.sql", import.meta.url), "utf8");
  if (kind === "local") return all;
  const newer = await readFile(new URL("torture-schema-18.sql", import.meta.url), "utf8");
  const [first = "", last = ""] = all.split("-- Last:");
  return `${first}\n${newer}\n-- Last:${last}`;
}
