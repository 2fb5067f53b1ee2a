import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPostgres, type Queryable } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test, vi } from "vitest";
import { localServer, openSchemaServer, tortureSchema } from "../../testing/schema-servers.ts";
import { addRefreshes } from "./add-refreshes.ts";
import { applyPostData, applyPreData } from "./apply-schema.ts";
import { dumpSchemaWithPgDump, withoutPsqlCommands } from "./dump-schema-with-pg-dump.ts";
import { exportSchema } from "./export-schema.ts";
import { canDump, findPgDump } from "./find-pg-dump.ts";
import { libpqEnvironment } from "./libpq-environment.ts";

vi.setConfig({ testTimeout: 300_000 });

const found = await findPgDump(
  localServer === undefined ? undefined : join(localServer, "pg_dump"),
);
const ready = found !== undefined && localServer !== undefined;
const pgDump = found ?? { program: "pg_dump", version: "0", major: 0 };

/** A database of the local server, an open snapshot on it, and what pg_dump needs to know. */
async function withSnapshot(
  sql: string,
  fn: (
    options: Parameters<typeof dumpSchemaWithPgDump>[0],
    tx: Queryable,
    url: string,
  ) => Promise<void>,
): Promise<void> {
  await using server = await openSchemaServer("local");
  const url = await server.createDatabase();
  await using db = await openPostgres({ url });
  await db.withConnection(async (connection) => void (await connection.query(sql)), {
    destroy: true,
  });
  await db.transaction(
    async (tx) => {
      const { rows } = await tx.query<{ id: string; version: number }>(
        "SELECT pg_export_snapshot() AS id, current_setting('server_version_num')::int AS version",
      );
      const snapshotId = rows[0]?.id ?? "";
      const serverVersionNumber = rows[0]?.version ?? 0;
      await fn({ pgDump, url, serverVersionNumber, snapshotId, section: "pre-data" }, tx, url);
    },
    { isolation: "repeatable read" },
  );
}

/** A program that runs the real pg_dump and does something to its output. */
async function wrapped(script: string): Promise<{ readonly program: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "ctb-pg-dump-"));
  const program = join(folder, "pg_dump");
  await writeFile(
    program,
    `#!/bin/sh\n${script.replaceAll("PG_DUMP", `'${pgDump.program}' "$@"`)}\n`,
  );
  await chmod(program, 0o755);
  return { program, [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true }) };
}

// pg_dump leaves out the handler of a language that uses another's, and its text does not load.
const notForPgDump = "DROP LANGUAGE my_plpgsql CASCADE";

test.skipIf(!ready)("a dump by pg_dump restores to the same schema", async () => {
  await withSnapshot(
    `${await tortureSchema("local")}; ${notForPgDump}`,
    async (options, tx, url) => {
      const preData = await dumpSchemaWithPgDump(options);
      const postData = await dumpSchemaWithPgDump({ ...options, section: "post-data" });
      expect(preData.sql).toContain("CREATE TABLE app.everything");
      const { postData: objects } = await exportSchema(tx);
      const complete = addRefreshes(
        postData.sql,
        objects.filter(({ kind }) => kind === "refresh"),
      );
      const target = new URL(url);
      target.pathname = "/copy";
      await using admin = await openPostgres({ url });
      await admin.query("CREATE DATABASE copy");
      await using db = await openPostgres({ url: target.href });
      await applyPreData(db, preData.sql);
      expect(await applyPostData(db, complete, { jobs: 3 })).toEqual({ warnings: [] });
      const [source, copy] = [
        await exportSchema(tx),
        await db.transaction(async (other) => await exportSchema(other)),
      ];
      // pg_dump does not say how many dimensions an array was declared with.
      expect(copy.preData).toEqual(
        source.preData.map((object) => ({
          ...object,
          sql: object.sql.replace("integer[][]", "integer[]"),
        })),
      );
      expect(copy.postData).toEqual(source.postData);
    },
  );
});

test.skipIf(!ready)("pg_dump sees the snapshot, not what came after it", async () => {
  await withSnapshot("CREATE TABLE before_it (a integer)", async (options, _tx, url) => {
    await using other = await openPostgres({ url });
    await other.query("CREATE TABLE after_it (a integer)");
    const { sql } = await dumpSchemaWithPgDump(options);
    expect(sql).toContain("public.before_it");
    expect(sql).not.toContain("after_it");
  });
});

test.skipIf(!ready)("a pg_dump whose session is terminated is an error", async () => {
  await withSnapshot("CREATE TABLE locked (a integer)", async (options, _tx, url) => {
    await using other = await openPostgres({ url });
    await other.transaction(async (lock) => {
      await lock.query("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE");
      const dump = dumpSchemaWithPgDump(options);
      const failed = dump.then(
        () => "nothing",
        (error: unknown) => error,
      );
      await untilWaiting(other);
      await other.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ctb-data backup'",
      );
      expect(await failed).toMatchObject({
        code: "DATABASE_FAILED",
        message: expect.stringMatching(/ended with code 1 while it wrote pre-data/u),
      });
    });
  });
});

async function untilWaiting(db: Queryable): Promise<void> {
  for (;;) {
    const { rows } = await db.query(
      "SELECT 1 FROM pg_stat_activity WHERE application_name = 'ctb-data backup' AND wait_event_type = 'Lock'",
    );
    if (rows.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test.skipIf(!ready)(
  "the password stands in no command line, and an abort stops pg_dump",
  async () => {
    await withSnapshot("CREATE TABLE locked (a integer)", async (options, _tx, url) => {
      const secret = new URL(url);
      secret.password = "hidden-word";
      await using other = await openPostgres({ url });
      await other.transaction(async (lock) => {
        await lock.query("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE");
        const abort = new AbortController();
        const dump = dumpSchemaWithPgDump({ ...options, url: secret.href, signal: abort.signal });
        const failed = dump.then(
          () => "nothing",
          (error: unknown) => error,
        );
        await untilWaiting(other);
        const lines = await commandLines();
        expect(lines.some((line) => line.includes(`--snapshot=${options.snapshotId}`))).toBe(true);
        expect(lines.join("\n")).not.toContain("hidden-word");
        abort.abort();
        expect(await failed).toMatchObject({ code: "CANCELLED" });
        expect(
          (await commandLines()).some((line) => line.includes(`--snapshot=${options.snapshotId}`)),
        ).toBe(false);
      });
    });
  },
);

async function commandLines(): Promise<string[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/u.test(name));
  return await Promise.all(
    ids.map(async (id) => await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")),
  );
}

test.skipIf(!ready)(
  "a text without its last line is refused, even when pg_dump says that all went well",
  async () => {
    await withSnapshot("CREATE TABLE t (a integer)", async (options) => {
      await using cut = await wrapped("PG_DUMP | head -n 30; exit 0");
      await expect(
        dumpSchemaWithPgDump({ ...options, pgDump: { ...pgDump, program: cut.program } }),
      ).rejects.toMatchObject({
        code: "DATABASE_FAILED",
        message: expect.stringMatching(/ended before its text was complete/u),
      });
    });
  },
);

test.skipIf(!ready)(
  "a whole text is refused when pg_dump was killed or failed after it",
  async () => {
    await withSnapshot("CREATE TABLE t (a integer)", async (options) => {
      await using killed = await wrapped("PG_DUMP; kill -9 $$");
      await expect(
        dumpSchemaWithPgDump({ ...options, pgDump: { ...pgDump, program: killed.program } }),
      ).rejects.toMatchObject({
        message: expect.stringMatching(/was ended by SIGKILL/u),
      });
      await using failed = await wrapped("PG_DUMP; echo 'disk full' >&2; exit 3");
      await expect(
        dumpSchemaWithPgDump({ ...options, pgDump: { ...pgDump, program: failed.program } }),
      ).rejects.toMatchObject({
        message: expect.stringMatching(/ended with code 3 .*disk full/u),
      });
    });
  },
);

test.skipIf(!ready)("what pg_dump says on stderr is no failure, but kept", async () => {
  await withSnapshot("CREATE TABLE t (a integer)", async (options) => {
    await using chatty = await wrapped(
      "echo 'pg_dump: warning: there are circular foreign keys' >&2; PG_DUMP",
    );
    const { warnings } = await dumpSchemaWithPgDump({
      ...options,
      pgDump: { ...pgDump, program: chatty.program },
    });
    expect(warnings).toEqual(["pg_dump: warning: there are circular foreign keys"]);
  });
});

test.skipIf(!ready || canDump(pgDump, 180_000))(
  "a pg_dump older than the server is refused before it runs",
  async () => {
    await using database = await createTestDatabase();
    const options = {
      pgDump,
      url: database.url,
      serverVersionNumber: 180_004,
      snapshotId: "x",
      section: "pre-data",
    } as const;
    await expect(dumpSchemaWithPgDump(options)).rejects.toMatchObject({
      code: "NOT_INSTALLED",
      message: expect.stringMatching(/cannot read a server of version 18: it is too old/u),
    });
  },
);

test("a pooler is refused", async () => {
  const url = "postgres://user:secret@ep-cool-123-pooler.eu-central-1.aws.neon.tech/db";
  const options = {
    pgDump: { ...pgDump, major: 18 },
    url,
    serverVersionNumber: 180_000,
    snapshotId: "x",
    section: "pre-data",
  } as const;
  await expect(dumpSchemaWithPgDump(options)).rejects.toMatchObject({
    code: "POOLED_HOST",
    hint: expect.stringMatching(/ep-cool-123\.eu-central-1/u),
  });
});

test("a program that is not there, or is something else, is no pg_dump", async () => {
  expect(await findPgDump(join(tmpdir(), "no-such-pg-dump"))).toBeUndefined();
  expect(await findPgDump("true")).toBeUndefined();
});

test("only the key's own lines are taken out of a dump", () => {
  const body =
    "--\n-- PostgreSQL database dump\n--\n\nCREATE FUNCTION f() AS $$\n\\restrict other\n\\unrestrict abc\n$$;\n";
  const text =
    body.replace("dump\n--\n\n", "dump\n--\n\n\\restrict abc\n") + "\n\\unrestrict abc\n\n";
  expect(withoutPsqlCommands(text)).toBe(body);
  expect(withoutPsqlCommands(body)).toBe(body);
});

test("a URL becomes libpq's variables", () => {
  expect(
    libpqEnvironment(
      "postgres://us%40er:p%2Fw@db.example.com:5433/my%20db?sslmode=verify-full&options=-c%20geqo%3Doff",
    ),
  ).toEqual({
    PGHOST: "db.example.com",
    PGPORT: "5433",
    PGUSER: "us@er",
    PGPASSWORD: "p/w",
    PGDATABASE: "my db",
    PGSSLMODE: "verify-full",
    PGOPTIONS: "-c geqo=off",
    PGAPPNAME: "ctb-data backup",
  });
  expect(libpqEnvironment("postgres://u@db.example.com/x")).toMatchObject({ PGSSLMODE: "require" });
  expect(libpqEnvironment("postgres://u@/x?host=/run/postgres")).toMatchObject({
    PGHOST: "/run/postgres",
    PGSSLMODE: "prefer",
  });
  expect(() => libpqEnvironment("mysql://u:secret@h/x")).toThrow(
    expect.objectContaining({
      code: "INVALID_OPTIONS",
      message: expect.not.stringContaining("secret"),
    }),
  );
});
