import { createReadStream, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryFields, arbitraryPath } from "../../testing/arbitrary-value.ts";
import { testFolder } from "../../testing/test-folder.ts";
import { Clock } from "../store/clock.ts";
import { Databases } from "../store/databases.ts";
import { Reference } from "../value/reference.ts";
import type { MapValue, Value } from "../value/value.ts";
import { checkFields } from "../write/check-fields.ts";
import { checkWrite } from "../write/check-write.ts";
import { planWrites } from "../write/plan-writes.ts";
import { exportNdjson } from "./export-ndjson.ts";
import { importNdjson, type ImportTarget, type NdjsonImport } from "./import-ndjson.ts";
import { walkEntries } from "./walk-entries.ts";

const home = "projects/p/databases/(default)";
const other = "projects/q/databases/d";
const header = `{"format":"firestore-ndjson","version":1,"database":"${home}"}`;
const numRuns = process.env["SLOW"] === "1" ? 300 : 30;

function newDatabases(): Databases {
  return new Databases(new Clock());
}

function put(databases: Databases, path: string, fields: MapValue, database = home): void {
  const time = databases.clock.commitTime();
  const document = { path, fields, createTime: time, updateTime: time };
  databases.get(database).apply(time, [{ path, document }]);
}

/** Commits as a server does. */
function targetOf(databases: Databases, commits: number[] = []): ImportTarget {
  return {
    commit: async (name, { writes }) => {
      const database = databases.get(name);
      const time = databases.clock.commitTime();
      const checked = writes.map((write) => checkWrite(name, write));
      const current = (path: string) => database.document(path);
      const { changes } = planWrites(checked, { database: name, current, time, requestTime: time });
      database.apply(time, changes);
      commits.push(writes.length);
      await Promise.resolve();
    },
  };
}

function fieldsOf(databases: Databases): Record<string, MapValue> {
  return Object.fromEntries(
    databases
      .all()
      .flatMap((database) =>
        [...walkEntries(database)].flatMap(({ path, current }) =>
          current ? [[`${database.name}:${path}`, current.fields]] : [],
        ),
      ),
  );
}

async function exported(databases: Databases): Promise<string> {
  const stream = new PassThrough();
  const reading = text(stream);
  await exportNdjson({ databases: databases.all(), to: stream });
  stream.end();
  return await reading;
}

async function imported(
  lines: string,
  options: Partial<NdjsonImport> = {},
): Promise<Record<string, MapValue>> {
  const databases = newDatabases();
  await importNdjson({ from: Readable.from([lines]), target: targetOf(databases), ...options });
  return fieldsOf(databases);
}

const documents = fc.uniqueArray(
  fc.record({
    database: fc.constantFrom(home, other),
    path: arbitraryPath,
    fields: arbitraryFields.filter(isAccepted),
  }),
  { selector: ({ database, path }) => `${database} ${path}`, maxLength: 10 },
);

/** Others are refused when they are imported, as in any commit. */
function isAccepted(fields: MapValue): boolean {
  try {
    checkFields(fields);
    return true;
  } catch {
    return false;
  }
}

describe("an export", () => {
  it("is one line for each document, in the order of their names, between a header and an end", async () => {
    const databases = newDatabases();
    put(databases, "b/1", new Map<string, Value>([["n", 1n]]));
    put(databases, "a/1/c/1", new Map());
    const lines = (await exported(databases))
      .split("\n")
      .map((line) => line.replaceAll(/"\d{4}-[^"]*Z"/gu, "TIME"));
    expect(lines).toEqual([
      `{"format":"firestore-ndjson","version":1,"database":"${home}","readTime":TIME}`,
      '{"path":"a/1/c/1","fields":{},"createTime":TIME,"updateTime":TIME}',
      '{"path":"b/1","fields":{"n":{"i":"1"}},"createTime":TIME,"updateTime":TIME}',
      '{"end":true}',
      "",
    ]);
  });

  it("that is imported gives the same documents, whatever they are", async () => {
    await fc.assert(
      fc.asyncProperty(documents, async (list) => {
        const databases = newDatabases();
        const direct = newDatabases();
        for (const { database, path, fields } of list) {
          // As a commit leaves them: times without what is finer than a microsecond.
          const name = `${database}/documents/${path}`;
          const write = { update: { name, fields }, updateTransforms: [] };
          await targetOf(direct).commit(database, { writes: [write] });
          put(databases, path, direct.get(database).document(path)?.fields ?? new Map(), database);
        }
        fc.pre(list.length > 0);
        expect(await imported(await exported(databases))).toEqual(fieldsOf(databases));
      }),
      { numRuns },
    );
  });

  it("shows one moment, whatever is committed, deleted and cleared while it runs", async () => {
    const databases = newDatabases();
    for (let id = 0; id < 3000; id += 1)
      put(databases, `a/${id}`, new Map([["x", "y".repeat(50)]]));
    const before = await exported(databases);
    let pieces = 0;
    let during = "";
    const slow = new Writable({
      decodeStrings: false,
      write: (piece: string, _encoding, done) => {
        during += piece;
        pieces += 1;
        put(databases, `a/0${pieces}`, new Map());
        put(databases, `a/${2999 - pieces}`, new Map());
        const time = databases.clock.commitTime();
        databases.get(home).apply(time, [{ path: `a/${pieces * 400}`, document: undefined }]);
        if (pieces === 4) databases.get(home).clear(databases.clock.commitTime());
        setImmediate(done);
      },
    });
    const { documents: count } = await exportNdjson({ databases: databases.all(), to: slow });
    expect(count).toBe(3000);
    expect(pieces).toBeGreaterThan(5);
    expect(during.replace(/"readTime":"[^"]*"/u, "")).toBe(
      before.replace(/"readTime":"[^"]*"/u, ""),
    );
  });

  it("that takes longer than the past is kept fails, and leaves the file that was there", async () => {
    await using folder = testFolder();
    let now = 1_700_000_000_000_000;
    const databases = new Databases(new Clock(() => now));
    put(databases, "a/1", new Map());
    const file = join(folder.path, "export.ndjson");
    await exportNdjson({ databases: databases.all(), to: file });
    const first = readFileSync(file, "utf8");
    expect(first).toContain('"path":"a/1"');
    for (let id = 0; id < 2000; id += 1)
      put(databases, `b/${id}`, new Map([["x", "y".repeat(99)]]));
    const exporting = exportNdjson({ databases: databases.all(), to: file });
    now += 7_200_000_000;
    await expect(exporting).rejects.toMatchObject({ code: "EXPORT_FAILED" });
    expect(readFileSync(file, "utf8")).toBe(first);
    expect(readdirSync(folder.path)).toEqual(["export.ndjson"]);
  });

  it("to a place that cannot be written says so", async () => {
    await using folder = testFolder();
    const broken = new Writable({ write: (_piece, _encoding, done) => done(new Error("gone")) });
    for (const to of [join(folder.path, "none/x"), folder.path, broken]) {
      await expect(exportNdjson({ databases: [], to })).rejects.toMatchObject({
        code: "EXPORT_FAILED",
      });
    }
    expect(readdirSync(folder.path)).toEqual([]);
  });
});

function lineOf(path: string, fields = "{}"): string {
  return `{"path":"${path}","fields":${fields}}`;
}

function referenceInto(database: string): Reference {
  return new Reference(`${database}/documents/a/1`);
}

describe("an import", () => {
  it("into another database takes the references with it", async () => {
    const databases = newDatabases();
    put(
      databases,
      "a/1",
      new Map([
        ["own", referenceInto(home)],
        ["foreign", referenceInto(other)],
      ]),
    );
    const lines = await exported(databases);
    expect(await imported(lines, { into: "projects/x/databases/y" })).toEqual({
      "projects/x/databases/y:a/1": new Map([
        ["own", referenceInto("projects/x/databases/y")],
        ["foreign", referenceInto(other)],
      ]),
    });
    const into = { [home]: other, [other]: "projects/x/databases/y" };
    expect(await imported(lines, { into })).toEqual({
      [`${other}:a/1`]: new Map([
        ["own", referenceInto(other)],
        ["foreign", referenceInto("projects/x/databases/y")],
      ]),
    });
  });

  it("of several databases into one is refused, and so is a name that is none", async () => {
    const lines = [header, lineOf("a/1"), header.replace(home, other), lineOf("a/1")].join("\n");
    await expect(imported(lines, { into: "projects/x/databases/y" })).rejects.toMatchObject({
      code: "IMPORT_FAILED",
      line: 3,
    });
    await expect(imported(lines, { into: "x" })).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
    expect(Object.keys(await imported(lines))).toEqual([`${home}:a/1`, `${other}:a/1`]);
  });

  it("commits batches, each as a whole, and says how far it came", async () => {
    const databases = newDatabases();
    const commits: number[] = [];
    const lines = [
      header,
      lineOf("a/1"),
      lineOf("a/2"),
      lineOf("a/3"),
      lineOf("a/4"),
      lineOf("bad"),
      lineOf("a/6"),
    ];
    const from = Readable.from([lines.join("\n")]);
    const importing = importNdjson({
      from,
      target: targetOf(databases, commits),
      batchDocuments: 2,
    });
    await expect(importing).rejects.toMatchObject({
      code: "IMPORT_FAILED",
      line: 6,
      hint: "4 documents are in. Correct the file and import it again.",
    });
    expect(commits).toEqual([2, 2]);
    expect(Object.keys(fieldsOf(databases))).toHaveLength(4);
  });

  it.each([
    ["", "it has no header"],
    [lineOf("a/1"), `line 1: a header must come first: ${header}`],
    [`${header}\n{"path":`, "line 2: Unexpected end of JSON input"],
    [`${header}\n[]`, "line 2: it is no JSON object"],
    [`${header}\n{"fields":{}}`, 'line 2: a document must have a "path"'],
    [`${header}\n{"path":"a/1"}`, "line 2: fields must be an object"],
    [
      `${header}\n${lineOf("a/1", '{"x":1}')}`,
      'line 2: fields.x is a number without a type: write {"i":"1"} or {"d":1}',
    ],
    [header.replace("1,", "2,"), 'line 1: only "format":"firestore-ndjson","version":1 is known'],
    [header.replace(home, "p"), "line 1: "],
    [`${header}\n${lineOf("a/1", '{"__x__":null}')}`, "line 2: "],
    [
      `${header.slice(0, -1)},"readTime":"now"}\n${lineOf("a/1")}`,
      'it ends too early: the last line of an export is {"end":true}',
    ],
  ])("says what is wrong where: %s", async (lines, message) => {
    await expect(imported(lines)).rejects.toThrow(message);
  });

  it("takes in the export of a server without databases", async () => {
    expect(await imported('{"end":true}\n')).toEqual({});
  });

  it("reads files, and says which is not there", async () => {
    await using folder = testFolder();
    const file = join(folder.path, "data.ndjson");
    await expect(imported("", { from: file })).rejects.toMatchObject({
      code: "IMPORT_FAILED",
      file,
    });
    writeFileSync(file, `${header}\r\n${lineOf("a/1")}\r\n\r\n`);
    expect(await imported("", { from: file })).toEqual({ [`${home}:a/1`]: new Map() });
    expect(await imported("", { from: createReadStream(file) })).toEqual({
      [`${home}:a/1`]: new Map(),
    });
  });
});
