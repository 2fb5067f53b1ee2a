/* oxlint-disable vitest/no-standalone-expect -- it does not know that these are tests */
import { Client } from "@ctb-data/models";
import { seedProject } from "@ctb-data/test-fixtures";
import { createTest } from "@ctb-data/test-fixtures/vitest";
import { expect } from "vitest";

const test = createTest(seedProject);

test("the rows of the seed are there, with their references", async ({
  db,
  testClient,
  testBlueprint,
  testProcess,
}) => {
  expect(testBlueprint.client_id).toBe(testClient.id);
  expect(testProcess.blueprint_id).toBe(testBlueprint.id);
  expect(await db.table(Client).find()).toEqual([testClient]);
});

test("a test may commit and change the schema", async ({ db }) => {
  expect(await db.table("clients").count()).toBe(0);
  await db.query("INSERT INTO clients (name) VALUES ('kept')");
  await db.query("ALTER TABLE clients ADD COLUMN extra text");
  await db.transaction(async (tx) => await tx.query("INSERT INTO clients (name) VALUES ('two')"));
  expect(await db.table("clients").count()).toBe(2);
});

test("the next one sees nothing of that", async ({ db }) => {
  expect(await db.table("clients").count()).toBe(0);
  await expect(db.query("SELECT extra FROM clients")).rejects.toMatchObject({
    code: "UNKNOWN_OBJECT",
  });
});

test.concurrent.for(["a", "b", "c"])("tests at the same time: %s", async (name, { db }) => {
  await db.query("INSERT INTO clients (name, email) VALUES ($1, 'one@example.test')", [name]);
  expect(await db.query("SELECT name FROM clients")).toMatchObject({ rows: [{ name }] });
});

test("a Firestore project is empty at first", async ({ firestore }) => {
  expect(await firestore.collections()).toEqual([]);
  await firestore.document("clients/1").set({ name: "Ada" });
  expect(await firestore.collections()).toEqual(["clients"]);
});

test("and for the next test again", async ({ firestore }) => {
  expect(await firestore.collections()).toEqual([]);
});

test("a test may have a second database", async ({ db, databases }) => {
  const other = await databases.create();
  await db.query("INSERT INTO clients (name) VALUES ('here')");
  expect(await other.db.table("clients").count()).toBe(0);
});
