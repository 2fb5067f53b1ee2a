import { dirname } from "node:path";
import { scratchFolder } from "@ctb-data/postgres/scratch";
import { afterEach, expect, test, vi } from "vitest";
import { testFolder } from "../testing/test-folder.ts";
import { createTestDatabase } from "./databases/create-test-database.ts";
import { setup } from "./setup.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test("a run holds one server, which its processes find, and lets go of it at the end", async () => {
  await using folder = testFolder(dirname(scratchFolder(import.meta.dirname)));
  vi.stubEnv("TEST_DATABASE_URL", "");
  vi.stubEnv("CTB_DATA_TEST_SERVER", undefined);
  vi.stubEnv("TEST_DATABASE_DIR", folder.path);
  const teardown = await setup();
  const held = new URL(process.env["CTB_DATA_TEST_SERVER"] ?? "");
  const database = await createTestDatabase({});
  expect(new URL(database.url).port).toBe(held.port);
  await database.close();
  await teardown();
  expect(process.env["CTB_DATA_TEST_SERVER"]).toBeUndefined();
});

test("a server that is given is used as it is", async () => {
  const url = process.env["TEST_DATABASE_URL"] || process.env["CTB_DATA_TEST_SERVER"] || "";
  vi.stubEnv("TEST_DATABASE_URL", url);
  vi.stubEnv("CTB_DATA_TEST_SERVER", undefined);
  const teardown = await setup();
  expect(process.env["CTB_DATA_TEST_SERVER"]).toBeUndefined();
  await using database = await createTestDatabase({});
  expect(new URL(database.url).port).toBe(new URL(url).port);
  await teardown();
});
