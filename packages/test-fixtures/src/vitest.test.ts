import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Firestore } from "@ctb-data/firestore";
import { type Blueprint, type Client, ImoProcess } from "@ctb-data/models";
import type { Postgres, Transaction } from "@ctb-data/postgres";
import { expect, expectTypeOf, test } from "vitest";
import { testFolder } from "../testing/test-folder.ts";
import { createTestDatabase } from "./databases/create-test-database.ts";
import { fixturesFor } from "./factories/fixtures-for.ts";
import { seedProject } from "./seed-project.ts";
import { createTest } from "./vitest.ts";

/** Runs vitest as somebody does who uses the package. */
async function runSample(): Promise<unknown> {
  const vitest = dirname(createRequire(import.meta.url).resolve("vitest/package.json"));
  const root = join(import.meta.dirname, "..", "testing", "sample");
  await using folder = testFolder();
  const report = join(folder.path, "report.json");
  const program = join(vitest, "vitest.mjs");
  const args = [program, "run", "--root", root, "--reporter=json", `--outputFile=${report}`];
  const { VITEST: _inside, ...env } = process.env;
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => void (said += chunk.toString()));
  await once(child, "close");
  if (!existsSync(report)) throw new Error(`vitest said: ${said}`);
  return JSON.parse(readFileSync(report, "utf8"));
}

test("a project of somebody who uses it passes, each test alone, by copies and by rollback", async () => {
  expect(await runSample()).toMatchObject({
    success: true,
    numPassedTests: 12,
    numFailedTests: 0,
    numFailedTestSuites: 0,
  });
});

test("fixtures have the types of what they are", () => {
  const copies = createTest({ registry: "db/registry" });
  type Copies = Parameters<Exclude<Parameters<typeof copies.beforeEach>[0], undefined>>[0];
  expectTypeOf<Copies["db"]>().toEqualTypeOf<Postgres>();
  expectTypeOf<Copies["firestore"]>().toEqualTypeOf<Firestore>();
  expectTypeOf<Copies["testClient"]>().toExtend<Client>();
  expectTypeOf<Copies["testClient"]["id"]>().toEqualTypeOf<number>();
  expectTypeOf<Copies["testBlueprint"]>().toExtend<Blueprint>();
  expectTypeOf<Copies["testProcess"]>().toExtend<ImoProcess>();
  const rollback = createTest(seedProject, { isolation: "rollback" });
  type Rollback = Parameters<Exclude<Parameters<typeof rollback.beforeEach>[0], undefined>>[0];
  expectTypeOf<Rollback["db"]>().toEqualTypeOf<Transaction>();
  // @ts-expect-error -- there is no such isolation
  createTest(seedProject, { isolation: "hope" });
});

test("without vitest the same rows are made by functions, with what they refer to", async () => {
  const project = await seedProject();
  await using database = await createTestDatabase(project);
  const process = await fixturesFor(project.registry)
    .of(ImoProcess)
    .create(database.db, { status: "done" });
  expect(process.status).toBe("done");
  const { rows } = await database.db.query(
    "SELECT count(*)::int AS chains FROM imo_processes p JOIN blueprints b ON b.id = p.blueprint_id JOIN clients c ON c.id = b.client_id",
  );
  expect(rows).toEqual([{ chains: 1 }]);
});
