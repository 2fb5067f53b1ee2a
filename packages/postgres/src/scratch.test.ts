import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runProgram, type Program } from "../testing/program.ts";
import { testFolder } from "../testing/test-folder.ts";
import { testServer } from "../testing/test-server.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded.ts";
import { openScratchServer, scratchFolder, type ScratchServer } from "./scratch.ts";

const source = JSON.stringify(fileURLToPath(new URL("scratch.ts", import.meta.url)));

async function query<Row extends object>(url: string, sql: string): Promise<readonly Row[]> {
  const client = new Client(url);
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function namesOn(url: string): Promise<readonly string[]> {
  const rows = await query<{ datname: string }>(url, "SELECT datname FROM pg_database");
  return rows.map(({ datname }) => datname);
}

/** Content of its own, which no other test has. */
const content = (
  key: string,
  sql = `CREATE TABLE made (key text); INSERT INTO made VALUES ('${key}')`,
): { readonly key: string; readonly build: (url: string) => Promise<void> } => ({
  key: `${key} of ${process.pid} at ${performance.timeOrigin}`,
  build: async (url) => {
    await query(url, sql);
  },
});

/** In memory where there is some. */
const ownFolder = testFolder(dirname(scratchFolder(import.meta.dirname)));
let embedded: EmbeddedPostgres;

beforeAll(async () => {
  embedded = await startEmbeddedPostgres({ dataDir: ownFolder.path, durable: false });
});

afterAll(async () => {
  await embedded.close();
  await ownFolder[Symbol.asyncDispose]();
});

async function ourServer(): Promise<ScratchServer> {
  const { url } = await testServer();
  return await openScratchServer({ url });
}

test("a database has what its template has, and changes nothing of it", async () => {
  await using server = await ourServer();
  const template = content("one");
  const first = await server.createDatabase({ template });
  await query(first.url, "INSERT INTO made VALUES ('more')");
  const second = await server.createDatabase({ template });
  expect(await query(second.url, "SELECT key FROM made")).toEqual([{ key: "one" }]);
});

// Long on a server of somebody's own that waits for its disk.
test(
  "two contents stand side by side, and each is built once for fifty databases at the same moment",
  { timeout: 300_000 },
  async () => {
    await using server = await ourServer();
    let built = 0;
    const counted = (key: string): ReturnType<typeof content> => {
      const { build, ...rest } = content(key);
      return {
        ...rest,
        build: async (url) => {
          built += 1;
          await build(url);
        },
      };
    };
    const [one, two] = [counted("left"), counted("right")];
    const all = await Promise.all(
      Array.from({ length: 50 }, async (_, at) => {
        const database = await server.createDatabase({ template: at % 2 === 0 ? one : two });
        const [row] = await query<{ key: string }>(database.url, "SELECT key FROM made");
        return { name: database.name, key: row?.key };
      }),
    );
    expect(built).toBe(2);
    expect(new Set(all.map(({ name }) => name)).size).toBe(50);
    expect(all.map(({ key }) => key)).toEqual(
      all.map((_, at) => (at % 2 === 0 ? "left" : "right")),
    );
  },
);

test("no name is longer than PostgreSQL allows", async () => {
  await using server = await ourServer();
  const template = content("x".repeat(5000));
  const { name } = await server.createDatabase({ template });
  const all = (await namesOn(server.url)).filter((other) => other.startsWith("ctb_"));
  expect(all).toContain(name);
  expect(Math.max(...all.map((other) => Buffer.byteLength(other)))).toBeLessThan(64);
});

test("a build that fails leaves nothing, and the next one begins anew", async () => {
  await using server = await ourServer();
  const before = await namesOn(server.url);
  const template = content("fails", "CREATE TABLE half (id int); SELECT 1/0");
  await expect(server.createDatabase({ template })).rejects.toThrow("division by zero");
  await expect(server.createDatabase({ template })).rejects.toThrow("division by zero");
  const left = (await namesOn(server.url)).filter(
    (name) => !before.includes(name) && name.startsWith("ctb_template_"),
  );
  expect(left).toEqual([]);
});

test("what ALTER DATABASE has set is set in the copies", async () => {
  await using server = await openScratchServer({ url: embedded.url });
  const template = content(
    "settings",
    `CREATE SCHEMA "Odd, schema"; DO $$ BEGIN
      EXECUTE format('ALTER DATABASE %I SET search_path = "Odd, schema", public', current_database());
      EXECUTE format('ALTER DATABASE %I SET "ctb.own" = ''it''''s''', current_database());
      EXECUTE format('ALTER ROLE postgres IN DATABASE %I SET work_mem = ''7MB''', current_database());
    END $$`,
  );
  const { url } = await server.createDatabase({ template });
  expect(
    await query(
      url,
      "SELECT current_setting('search_path') AS path, current_setting('ctb.own') AS own, current_setting('work_mem') AS mem",
    ),
  ).toEqual([{ path: '"Odd, schema", public', own: "it's", mem: "7MB" }]);
});

test("a template that somebody has connected to is free again for the next copy", async () => {
  await using server = await ourServer();
  const template = content("visited");
  const before = await namesOn(server.url);
  await server.createDatabase({ template });
  const name = (await namesOn(server.url)).find(
    (other) => other.startsWith("ctb_template_") && !before.includes(other),
  );
  await query(server.url, `ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  const visitor = new Client(url.href);
  visitor.on("error", () => {});
  await visitor.connect();
  const { url: copy } = await server.createDatabase({ template });
  expect(await query(copy, "SELECT key FROM made")).toEqual([{ key: "visited" }]);
  await visitor.end().catch(() => {});
});

test("a template that was swept meanwhile is built again", async () => {
  await using server = await ourServer();
  const template = content("swept");
  const before = await namesOn(server.url);
  await server.createDatabase({ template });
  const name = (await namesOn(server.url)).find(
    (other) => other.startsWith("ctb_template_") && !before.includes(other),
  );
  await query(server.url, `ALTER DATABASE ${name} WITH IS_TEMPLATE false`);
  await query(server.url, `DROP DATABASE ${name}`);
  const { url } = await server.createDatabase({ template });
  expect(await query(url, "SELECT key FROM made")).toEqual([{ key: "swept" }]);
});

test("a database is dropped twice without an error, with whoever is connected", async () => {
  await using server = await ourServer();
  const database = await server.createDatabase();
  const visitor = new Client(database.url);
  visitor.on("error", () => {});
  await visitor.connect();
  await Promise.all([database.drop(), database.drop()]);
  await database.drop();
  expect(await namesOn(server.url)).not.toContain(database.name);
  await visitor.end().catch(() => {});
});

test("a pooler is refused, and neither a URL nor a folder is an error that says so", async () => {
  await expect(
    openScratchServer({ url: "postgres://u:p@ep-cool-pooler.example.com/db" }),
  ).rejects.toMatchObject({ code: "INVALID_OPTIONS", hint: expect.stringContaining("ep-cool.") });
  await expect(openScratchServer({})).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
});

/** A process that makes databases, prints their names, and lives on. */
function maker(url: string, code: string): Program {
  return runProgram(`
    const { openScratchServer } = await import(${source});
    const { Client } = (await import("node:module")).createRequire(${source})("pg");
    const server = await openScratchServer({ url: ${JSON.stringify(url)} });
    const say = (text) => process.stdout.write(text + "\\n");
    const run = async (url, sql) => { const client = new Client(url); await client.connect(); try { return (await client.query(sql)).rows; } finally { await client.end(); } };
    ${code}
    setInterval(() => {}, 1000);`);
}

test("of several processes with several workers on an empty server exactly one builds", async () => {
  await embedded.createDatabase("count");
  await query(embedded.urlOf("count"), "CREATE TABLE builds (pid int)");
  const code = `
    const template = { key: "shared", build: async (url) => {
      await run(${JSON.stringify(embedded.urlOf("count"))}, "INSERT INTO builds VALUES (" + process.pid + ")");
      await run(url, "CREATE TABLE made AS SELECT 1 AS one; SELECT pg_sleep(0.2)");
    } };
    const all = await Promise.all(Array.from({ length: 4 }, () => server.createDatabase({ template })));
    const rows = await Promise.all(all.map(({ url }) => run(url, "SELECT one FROM made")));
    say(JSON.stringify(rows.flat().map(({ one }) => one)));
    await server.close();
    process.exit(0);`;
  const programs = Array.from({ length: 4 }, () => maker(embedded.url, code));
  const said = await Promise.all(programs.map(async (program) => await program.line()));
  expect(said).toEqual(Array.from({ length: 4 }, () => "[1,1,1,1]"));
  await Promise.all(programs.map(async (program) => await program.ended()));
  expect(await query(embedded.urlOf("count"), "SELECT count(*)::int AS n FROM builds")).toEqual([
    { n: 1 },
  ]);
  const left = (await namesOn(embedded.url)).filter((name) => name.startsWith("ctb_test_"));
  expect(left).toEqual([]);
});

test("a process that is killed while it builds, copies or has databases open leaves them to the next sweep, and nothing of others is swept", async () => {
  await using server = await openScratchServer({ url: embedded.url });
  const mine = await server.createDatabase({ template: content("mine") });
  const living = maker(embedded.url, `const { name } = await server.createDatabase(); say(name);`);
  const kept = await living.line();
  const killed = [
    maker(
      embedded.url,
      `const a = await server.createDatabase(); const client = new Client(a.url); await client.connect(); say(a.name);`,
    ),
    maker(
      embedded.url,
      `server.createDatabase({ template: { key: "half", build: async (url) => {
        await run(url, "CREATE TABLE half (id int)"); say("building"); await new Promise(() => {});
      } } });`,
    ),
    maker(embedded.url, `say("copying"); for (;;) await server.createDatabase();`),
  ];
  await Promise.all(killed.map(async (program) => await program.line()));
  expect(await server.sweep()).toEqual([]);
  await Promise.all(killed.map(async (program) => await program[Symbol.asyncDispose]()));
  const own = (): Promise<readonly string[]> =>
    namesOn(embedded.url).then((names) => names.filter((name) => name.startsWith("ctb_test_")));
  // The server needs a moment to see that the sessions are gone.
  while ((await own()).length > 2) await server.sweep();
  expect((await own()).toSorted()).toEqual([kept, mine.name].toSorted());
  // What the killed one had begun is built by the next.
  const again = await server.createDatabase({
    template: {
      key: "half",
      build: async (url) => void (await query(url, "CREATE TABLE whole ()")),
    },
  });
  expect(await query(again.url, "SELECT to_regclass('whole') IS NOT NULL AS whole")).toEqual([
    { whole: true },
  ]);
  await living[Symbol.asyncDispose]();
  while ((await own()).includes(kept)) await server.sweep();
  expect(await own()).toContain(mine.name);
});

test("databases that are only called alike are never swept", async () => {
  const alike = ["ctb_test_deadbeef_2024", "ctb_template_0123456789abcdef01234567"];
  for (const name of alike) await embedded.createDatabase(name);
  await using server = await openScratchServer({ url: embedded.url });
  const swept = await server.sweep({ templateIdleMs: 3_600_000 });
  expect(swept.filter((name) => alike.includes(name))).toEqual([]);
  expect(await namesOn(embedded.url)).toEqual(expect.arrayContaining(alike));
  for (const name of alike) await query(embedded.url, `DROP DATABASE ${name}`);
});

test("a process whose session was cut is back by itself, and keeps what it is connected to even before", async () => {
  await using server = await openScratchServer({ url: embedded.url });
  const living = maker(
    embedded.url,
    `const [used, unused] = [await server.createDatabase(), await server.createDatabase()];
    const client = new Client(used.url);
    await client.connect();
    say(used.name); say(unused.name);`,
  );
  const [used, unused] = [await living.line(), await living.line()];
  const outside = embedded.urlOf("template1");
  const owner = async (): Promise<number | undefined> => {
    const sql = `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2
      AND lpad(to_hex(objid::bigint), 8, '0') = substring('${used}', 10, 8)`;
    return (await query<{ pid: number }>(outside, sql))[0]?.pid;
  };
  const cut = async (pid: number | undefined): Promise<unknown> =>
    await query(outside, `SELECT pg_terminate_backend(${pid}, 10000)`);
  const first = await owner();
  await cut(first);
  let second = await owner();
  while (second === undefined) second = await owner();
  expect(second).not.toBe(first);
  expect(await server.sweep()).toEqual([]);
  // Now so that it cannot come back.
  await query(outside, "ALTER DATABASE postgres WITH ALLOW_CONNECTIONS false");
  await cut(second);
  expect(await server.sweep()).toEqual([unused]);
  expect(await namesOn(outside)).toContain(used);
  await query(outside, "ALTER DATABASE postgres WITH ALLOW_CONNECTIONS true");
  await living[Symbol.asyncDispose]();
  while ((await namesOn(outside)).includes(used)) await server.sweep();
});

test("templates that nobody uses are swept, and those beyond the number, but none that is in use", async () => {
  await using server = await openScratchServer({ url: embedded.url });
  const before = await namesOn(embedded.url);
  const templates = async (): Promise<readonly string[]> =>
    (await namesOn(embedded.url)).filter(
      (name) => name.startsWith("ctb_template_") && !before.includes(name),
    );
  for (const key of ["a", "b", "c"]) await server.createDatabase({ template: content(key) });
  const [first = "", second = "", ...rest] = await templates();
  expect(await server.sweep({ templates: 1 })).toEqual([]);
  const note = async (name: string, hours: number): Promise<void> => {
    const when = new Date(Date.now() - hours * 3_600_000).toISOString();
    await query(embedded.url, `COMMENT ON DATABASE ${name} IS '${when}'`);
  };
  await note(first, 24 * 8);
  expect(await server.sweep()).toEqual([first]);
  await note(second, 2);
  const others = before.filter((name) => name.startsWith("ctb_template_")).length;
  expect(await server.sweep({ templates: others + 1 })).toEqual([second]);
  expect(await templates()).toEqual(rest);
});

test("a user without superuser makes databases when it has CREATEDB, and is told what to do when not", async () => {
  await query(
    embedded.url,
    "CREATE ROLE maker LOGIN CREATEDB PASSWORD 'm'; CREATE ROLE poor LOGIN PASSWORD 'p'",
  );
  const urlAs = (username: string, password: string): string =>
    Object.assign(new URL(embedded.url), { username, password }).href;
  await using server = await openScratchServer({ url: urlAs("maker", "m") });
  const template = content("of a user");
  const database = await server.createDatabase({ template });
  expect(await query(database.url, "SELECT current_user AS me, key FROM made")).toEqual([
    { me: "maker", key: "of a user" },
  ]);
  await using other = await openScratchServer({ url: embedded.url });
  const copy = await other.createDatabase({ template });
  expect(
    await query(copy.url, "SELECT tableowner FROM pg_tables WHERE tablename = 'made'"),
  ).toEqual([{ tableowner: "postgres" }]);
  await database.drop();
  await using poor = await openScratchServer({ url: urlAs("poor", "p") });
  await expect(poor.createDatabase()).rejects.toMatchObject({
    code: "PERMISSION_DENIED",
    hint: "Let an administrator run: ALTER ROLE poor CREATEDB;",
  });
});

test("a server that is stopped in the middle is an error that says so, and one that comes back is used again", async () => {
  await using folder = testFolder(dirname(ownFolder.path));
  const first = await startEmbeddedPostgres({ dataDir: folder.path, durable: false });
  const { port, url } = first;
  const server = await openScratchServer({ url });
  const database = await server.createDatabase();
  const kept = await server.createDatabase();
  await first.close();
  await expect(server.createDatabase()).rejects.toMatchObject({
    code: expect.stringMatching(/^CONNECTION_/),
    message: expect.stringContaining(`127.0.0.1:${port}`),
  });
  const again = await startEmbeddedPostgres({ dataDir: folder.path, durable: false, port });
  await database.drop();
  const names = await namesOn(url);
  expect(names).toContain(kept.name);
  expect(names).not.toContain(database.name);
  await again.close();
  await expect(kept.drop()).rejects.toMatchObject({ code: expect.stringMatching(/^CONNECTION_/) });
  // The next run sweeps what cannot be dropped.
  await server.close();
});
