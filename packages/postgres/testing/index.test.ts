import { Client } from "pg";
import { expect, test } from "vitest";
import { createTestDatabase } from "./index.ts";

test("a test database is empty, its own, and gone after it was dropped", async () => {
  const database = await createTestDatabase();
  const client = new Client(database.url);
  await client.connect();
  const { rows } = await client.query(
    "SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname = 'public'",
  );
  await client.end();
  await database.drop();
  expect(rows).toEqual([{ tables: 0 }]);
  await expect(new Client(database.url).connect()).rejects.toThrow("does not exist");
});
