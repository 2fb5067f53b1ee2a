import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { openFirestore } from "@ctb-data/firestore";
import { startFirestoreEmulator } from "@ctb-data/firestore-emulator";
import { Client } from "@ctb-data/models";
import { openPostgres, schemaSql } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { loadRegistry } from "@ctb-data/registry";
import { expect, test } from "vitest";

const packageFolder = join(import.meta.dirname, "..");
const seed = join(packageFolder, "../registry/seed/clnt_column_registry.yml");

test("the README's example finds an orphan and a lost document, mends both, and puts them back", async () => {
  await using database = await createTestDatabase();
  const registry = await loadRegistry(seed);
  await using postgres = await openPostgres({ url: database.url, registry });
  await using emulator = await startFirestoreEmulator({ port: 0 });
  await using firestore = await openFirestore({
    registry,
    projectId: "demo",
    emulatorHost: emulator.address,
  });
  await postgres.query(schemaSql(registry));
  const client = await postgres.table(Client).insert({ name: "Acme" });
  await firestore.collection(Client).save(client);
  await firestore.collection("clients").save({ id: 2, name: "Nobody", email: null });
  await postgres.query("ALTER TABLE imo_processes DROP CONSTRAINT imo_processes_blueprint_id_fkey");
  await postgres.query("INSERT INTO imo_processes (blueprint_id) VALUES (7)");

  const said = await runExample({ url: database.url, host: emulator.address });

  expect(said).toContain("1 row of imo_processes refers by blueprint_id");
  expect(said).toContain("Moves 1 row of imo_processes to ctb_data.quarantine.");
  expect(said).toContain("0 left");
  expect(said).toContain("documents: 1");
  const { rows } = await postgres.query("SELECT blueprint_id FROM imo_processes");
  expect(rows).toEqual([{ blueprint_id: 7 }]);
  expect(await firestore.collection("clients").doc("2").get()).toBeDefined();
});

async function runExample({
  url,
  host,
}: {
  readonly url: string;
  readonly host: string;
}): Promise<string> {
  const readme = await readFile(join(packageFolder, "README.md"), "utf8");
  const example = /```ts\n(?<code>.*?)```/s.exec(readme)?.groups?.["code"] ?? "";
  const code = example
    .replace("127.0.0.1:8080", host)
    // A package under node_modules does not find itself by its name.
    .replace('"@ctb-data/integrity"', JSON.stringify(new URL("index.ts", import.meta.url).href));
  await mkdir(join(packageFolder, "node_modules/.cache"), { recursive: true });
  const folder = await mkdtemp(join(packageFolder, "node_modules/.cache/readme-"));
  try {
    await writeFile(join(folder, "example.mjs"), stripTypeScriptTypes(code));
    await cp(seed, join(folder, "db/registry/clnt_column_registry.yml"));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--conditions=@ctb-data/source", "example.mjs"],
      { cwd: folder, env: { ...process.env, DATABASE_URL: url } },
    );
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}
