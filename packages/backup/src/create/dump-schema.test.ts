import { openPostgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { makeTestKeys } from "../../testing/backup-world.ts";
import { findLocalPostgres, startLocalPostgres } from "../../testing/local-postgres.ts";
import { testFolder } from "../../testing/test-folder.ts";
import { restoreBackup } from "../restore/restore-backup.ts";
import { openFolderStorage } from "../storage/folder/folder-storage.ts";
import { createBackup } from "./create-backup.ts";

const bin = await findLocalPostgres();

test.skipIf(bin === undefined)(
  "with a pg_dump of the server's version its text is the schema, materialized views are filled again (needs a local PostgreSQL)",
  async () => {
    await using server = await startLocalPostgres(bin ?? "");
    const url = await server.createDatabase("source");
    await using folder = testFolder();
    await using storage = await openFolderStorage({ dir: folder.path });
    await using postgres = await openPostgres({ url });
    await postgres.query("CREATE TABLE t (id int PRIMARY KEY, note text)");
    await postgres.query("INSERT INTO t SELECT n, 'note ' || n FROM generate_series(1, 10) AS n");
    await postgres.query("CREATE MATERIALIZED VIEW m AS SELECT count(*) AS rows FROM t");
    const keys = makeTestKeys();
    const { id, manifest } = await createBackup({
      storage,
      postgres,
      encryption: { kind: "age", recipients: [keys.recipient] },
      signingKey: keys.signingKey,
      schema: { source: "pg_dump", url, program: `${bin}/pg_dump` },
    });
    expect(manifest.postgres).toMatchObject({
      schemaSource: expect.stringMatching(/^pg_dump \d+/u),
      uncovered: [],
      warnings: [],
    });
    await using database = await createTestDatabase();
    await using target = await openPostgres({ url: database.url });
    await restoreBackup({ storage, id, postgres: target, identities: [keys.identity] });
    expect((await target.query("SELECT rows::int AS rows FROM m")).rows).toEqual([{ rows: 10 }]);
  },
);

test("a pg_dump that is too old for the server is refused when it is asked for, and else the catalog is read", async () => {
  await using database = await createTestDatabase();
  await using postgres = await openPostgres({ url: database.url });
  await using folder = testFolder();
  await using storage = await openFolderStorage({ dir: folder.path });
  const keys = makeTestKeys();
  const common = {
    storage,
    postgres,
    encryption: { kind: "none" },
    signingKey: keys.signingKey,
  } as const;
  const program = "/bin/false";
  await expect(
    createBackup({ ...common, schema: { source: "pg_dump", url: database.url, program } }),
  ).rejects.toMatchObject({ code: "NOT_INSTALLED" });
  const { manifest } = await createBackup({ ...common, schema: { url: database.url, program } });
  expect(manifest.postgres).toMatchObject({ schemaSource: "catalog", tables: [] });
});
