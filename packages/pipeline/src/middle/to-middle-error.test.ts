import { openPostgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { middleRegistry } from "../../testing/middle-registry.ts";
import { toMiddleError } from "./to-middle-error.ts";

test("a batch that takes longer than the role's statements may is told as that, with what helps", async () => {
  const database = await createTestDatabase();
  await using postgres = await openPostgres({ url: database.url, registry: middleRegistry() });
  const failed = await postgres
    .transaction(async (tx) => {
      await tx.query("SET LOCAL statement_timeout = 10");
      await tx.query("SELECT pg_sleep(5)");
    })
    .catch((error: unknown) => toMiddleError(error, undefined));
  expect(failed).toMatchObject({
    code: "DATABASE_FAILED",
    hint: expect.stringContaining("fewer documents together"),
  });
  await postgres.close();
  await database.drop();
});
