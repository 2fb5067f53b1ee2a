import { expect, test } from "vitest";
import { settingsSchema } from "../config/settings.ts";
import { embeddedProjectId } from "../project/firestore-target.ts";
import { testFirestore } from "./test-variables.ts";

async function projectOf(name: string, url: string, dir = "/shop"): Promise<string> {
  const settings = settingsSchema.parse({
    FIRESTORE_EMULATOR_HOST: "127.0.0.1:8080",
    FIREBASE_PROJECT_ID: embeddedProjectId,
    ...(url !== "" && { DATABASE_URL: url }),
  });
  return (await testFirestore({ dir, settings, name }))?.projectId ?? "";
}

test("no test database shares its Firestore project with another, nor with the project itself", async () => {
  const server = "postgres://u:p@db:5432/app";
  const projects = await Promise.all([
    projectOf("ctb_data", server),
    projectOf("ctb-data", server),
    projectOf("CTB data", server),
    projectOf("ctb_data", "postgres://u:p@other:5432/app"),
    projectOf("ctb_data", ""),
    projectOf("ctb_data", "", "/other"),
    projectOf("客户", server),
    projectOf("顧客", server),
    projectOf("a".repeat(62), server),
    projectOf(`${"a".repeat(62)}b`, server),
  ]);
  expect(new Set([...projects, embeddedProjectId]).size).toBe(projects.length + 1);
  for (const project of projects) expect(project).toMatch(/^demo(?:-[a-z0-9]+)+$/u);
  expect(Math.max(...projects.map(({ length }) => length))).toBeLessThanOrEqual(30);
});

test("the project stays the same when the password, the user or the database of the URL changes", async () => {
  const first = await projectOf("testdb_1", "postgres://u:p%40@db:5432/app?sslmode=disable");
  expect(await projectOf("testdb_1", "postgresql://other:new@db:5432/shop")).toBe(first);
});
