import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { loadRegistry, parseRegistry, type Registry } from "@ctb-data/registry";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTestDatabase } from "../testing/index.ts";
import { randomRegistry } from "../testing/random-registry.ts";
import { generatePostgresFiles } from "./generate-postgres-files.ts";
import { openPostgres } from "./open-postgres.ts";
import { schemaSql } from "./schema-sql.ts";

const packageFolder = join(import.meta.dirname, "..");

/** Writes folders of files into the package, so that they find its dependencies, and gives what the compiler says. */
async function compile(folders: Readonly<Record<string, Readonly<Record<string, string>>>>): Promise<string> {
  await mkdir(join(packageFolder, "node_modules/.cache"), { recursive: true });
  const root = await mkdtemp(join(packageFolder, "node_modules/.cache/generated-"));
  try {
    for (const [folder, files] of Object.entries(folders)) {
      await mkdir(join(root, folder));
      for (const [path, text] of Object.entries(files)) await writeFile(join(root, folder, path), text);
    }
    const options = { extends: "@ctb-data/tsconfig/source.json", include: ["*/*.ts"] };
    await writeFile(join(root, "tsconfig.json"), JSON.stringify(options));
    const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
    return await promisify(execFile)(process.execPath, [compiler, "-p", root]).then(
      () => "",
      (error: { readonly stdout: string }) => error.stdout,
    );
  } finally {
    await rm(root, { recursive: true });
  }
}

const filesOf = (registry: Registry): Record<string, string> =>
  Object.fromEntries(
    generatePostgresFiles(registry)
      .filter(({ path }) => path.endsWith(".ts"))
      .map(({ path, content }) => [path, content]),
  );

const seed = await loadRegistry(join(packageFolder, "../registry/seed/clnt_column_registry.yml"));

describe("generatePostgresFiles", () => {
  test("writes schema.sql, entities.ts and database.ts, the same ones each time", () => {
    const files = generatePostgresFiles(seed);
    expect(files.map(({ path }) => path)).toEqual(["schema.sql", "entities.ts", "database.ts"]);
    expect(files[0]?.content).toBe(schemaSql(seed));
    expect(generatePostgresFiles(seed)).toEqual(files);
  });

  test("gives Kysely the columns with what may be left out", () => {
    const registry = parseRegistry(`
enums: { mood: { values: [ok, "say \\"hi\\""] } }
tables:
  clients:
    description: People
    columns:
      - { name: id, type: bigserial, pk: true }
      - { name: name, type: text, nullable: false, description: "*/ their name" }
      - { name: at, type: timestamptz, default: now() }
      - { name: config, type: jsonb }
      - { name: m, type: "mood[]" }
      - { name: secret, type: integer, encrypted: true }
`);
    expect(filesOf(registry)["database.ts"]).toBe(`// Made by ctb-data from the column registry: change that, not this file.

import type { Json } from "@ctb-data/models";
import type { ColumnType } from "kysely";

/** People */
export interface ClientsTable {
  id: ColumnType<bigint, bigint | number | undefined, bigint | number>;
  /** *\\/ their name */
  name: string;
  at: ColumnType<string | null, string | Date | null | undefined, string | Date | null>;
  config: Json | null;
  m: readonly ("ok" | "say \\"hi\\"" | null)[] | null;
  /** Ciphertext: read and write it through the table's model. */
  secret: string | null;
}

/** For \`db.kysely<Database>()\`. */
export interface Database {
  clients: ClientsTable;
}
`);
  });

  test("writes TypeScript that compiles, for any registry, and types that find mistakes", { timeout: 120_000 }, async () => {
    const random = fc.sample(randomRegistry, process.env["SLOW"] === undefined ? 10 : 100);
    const use = `
import type { Kysely } from "kysely";
import type { MikroORM } from "@mikro-orm/postgresql";
import type { Database } from "./database.ts";
import { entities } from "./entities.ts";

export async function use(db: Kysely<Database>, orm: MikroORM): Promise<void> {
  const row = await db.selectFrom("clients").select(["id", "email"]).executeTakeFirstOrThrow();
  const id: number = row.id;
  // @ts-expect-error -- there is no such column
  await db.selectFrom("clients").select("nmae").execute();
  // @ts-expect-error -- the name is required
  await db.insertInto("clients").values({ email: "a@example.org" }).execute();
  await db.insertInto("blueprints").values({ client_id: id, config: { a: [1] }, created_at: new Date() }).execute();
  const { clients, blueprints } = entities();
  const client = orm.em.create(clients, { name: "Ann" });
  const found = await orm.em.find(blueprints, { client: { name: client.name } }, { populate: ["client"] });
  const key: number | null | undefined = found[0]?.client_id;
  // @ts-expect-error -- there is no such property
  orm.em.create(clients, { nmae: String(key) });
}
`;
    const folders = Object.fromEntries(random.map((registry, index) => [`random-${index}`, filesOf(registry)]));
    expect(await compile({ ...folders, seed: { ...filesOf(seed), "use.ts": use } })).toBe("");
  });

  test("entities.ts holds the definitions that orm() uses", async () => {
    const source = filesOf(seed)["entities.ts"] ?? "";
    await mkdir(join(packageFolder, "node_modules/.cache"), { recursive: true });
    const folder = await mkdtemp(join(packageFolder, "node_modules/.cache/generated-"));
    try {
      await writeFile(join(folder, "entities.ts"), source);
      const { entities } = await import(join(folder, "entities.ts"));
      await using database = await createTestDatabase();
      await using db = await openPostgres({ url: database.url, registry: seed });
      const orm = await db.orm();
      const describeProperties = (schema: { meta: { properties: object } }) => JSON.stringify(Object.keys(schema.meta.properties));
      const { clients } = entities();
      expect(describeProperties(clients.init())).toBe(describeProperties(orm.entity("clients")));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
