import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { openPostgres } from "@ctb-data/postgres";
import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { randomSchema } from "../../testing/random-schema.ts";
import { schemaFacts } from "../../testing/schema-facts.ts";
import { localServer, openSchemaServer, tortureSchema } from "../../testing/schema-servers.ts";
import { applyGrants, applyPostData, applyPreData } from "./apply-schema.ts";
import { exportSchema } from "./export-schema.ts";
import { renderSchemaSql } from "./render-schema-sql.ts";
import type { SchemaExport } from "./schema-object.ts";

vi.setConfig({ testTimeout: 300_000 });

const run = promisify(execFile);

async function runSql(url: string, sql: string): Promise<void> {
  await using db = await openPostgres({ url });
  await db.withConnection(async (connection) => void (await connection.query(sql)), {
    destroy: true,
  });
}

async function exportOf(url: string): Promise<SchemaExport> {
  await using db = await openPostgres({ url });
  return await db.transaction(async (tx) => await exportSchema(tx), {
    isolation: "repeatable read",
    readOnly: true,
  });
}

async function factsOf(url: string): ReturnType<typeof schemaFacts> {
  await using db = await openPostgres({ url });
  return await db.transaction(async (tx) => {
    await tx.query("SET LOCAL search_path = ''");
    return await schemaFacts(tx);
  });
}

function textOf({ preData, postData, grants }: SchemaExport): string {
  return renderSchemaSql([...preData, ...postData, ...grants]);
}

describe.each(["embedded", "local"] as const)("on the %s server", (kind) => {
  const missing = kind === "local" && localServer === undefined;

  test.skipIf(missing)("everything that a schema can have comes back as it was", async () => {
    await using server = await openSchemaServer(kind);
    const [source, target] = [await server.createDatabase(), await server.createDatabase()];
    await runSql(source, await tortureSchema(kind));
    const exported = await exportOf(source);
    expect(exported.uncovered).toEqual([]);
    await using db = await openPostgres({ url: target });
    for (const apply of [
      await applyPreData(db, exported.preData),
      await applyPostData(db, exported.postData, { jobs: 3, maintenanceWorkMem: "32MB" }),
      await applyGrants(db, exported.grants),
    ]) {
      expect(apply.warnings).toEqual([]);
    }
    expect(await exportOf(target)).toEqual(exported);
    const [before, after] = [await factsOf(source), await factsOf(target)];
    for (const name of Object.keys(before))
      expect({ [name]: after[name] }).toEqual({ [name]: before[name] });
  });

  test.skipIf(missing)("psql runs the text of a schema", async () => {
    await using server = await openSchemaServer(kind);
    const [source, target] = [await server.createDatabase(), await server.createDatabase()];
    await runSql(source, await tortureSchema(kind));
    const text = textOf(await exportOf(source));
    expect(text).not.toMatch(/^GRANT .*information_schema/mu);
    const folder = await mkdtemp(join(tmpdir(), "ctb-schema-"));
    try {
      await writeFile(join(folder, "schema.sql"), text);
      await run("psql", [
        "-X",
        "-q",
        "-v",
        "ON_ERROR_STOP=1",
        "-d",
        target,
        "-f",
        join(folder, "schema.sql"),
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
    expect(textOf(await exportOf(target))).toBe(text);
  });
});

test.skipIf(localServer === undefined)(
  "pg_dump sees no difference between a schema and its copy",
  async () => {
    await using server = await openSchemaServer("local");
    const [source, target] = [await server.createDatabase(), await server.createDatabase()];
    await runSql(source, await tortureSchema("local"));
    await runSql(target, textOf(await exportOf(source)));
    const dumps = await Promise.all(
      [source, target].map(async (url) => {
        const { stdout } = await run(join(server.local?.bin ?? "", "pg_dump"), ["-s", "-d", url], {
          maxBuffer: 1e8,
        });
        // Each dump has a random key of its own.
        return stdout.replaceAll(/^\\(?:un)?restrict .*$/gmu, "");
      }),
    );
    expect(dumps[0]?.length).toBeGreaterThan(50_000);
    expect(dumps[1]).toBe(dumps[0]);
  },
);

test("any schema of objects that need each other comes back as it was", async () => {
  await fc.assert(
    fc.asyncProperty(randomSchema, async (statements) => {
      await using server = await openSchemaServer("embedded");
      const [source, target] = [await server.createDatabase(), await server.createDatabase()];
      await using db = await openPostgres({ url: source });
      for (const sql of statements) await db.query(sql);
      const exported = await exportOf(source);
      expect(exported.uncovered).toEqual([]);
      await runSql(target, textOf(exported));
      expect(await exportOf(target)).toEqual(exported);
      expect(await factsOf(target)).toEqual(await factsOf(source));
    }),
    { numRuns: process.env["SLOW"] === undefined ? 10 : 100 },
  );
}, 600_000);
