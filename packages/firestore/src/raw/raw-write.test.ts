import { expect, test } from "vitest";
import { firestoreHost } from "../../testing/emulator.ts";
import { lineOf, linesOf, withoutTimes, writeFields } from "../../testing/raw-documents.ts";
import { everyType } from "../../testing/registries.ts";
import { openTcpDoor } from "../../testing/tcp-door.ts";
import { errorOf, openTestFirestore } from "../../testing/test-firestore.ts";
import type { RawFailure, RawWrite } from "../raw.ts";

const registry = everyType;
const numbers = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => index);

const to = (database: string, path: string): { readonly referenceValue: string } => ({
  referenceValue: `${database}/documents/${path}`,
});

test("20,000 documents are written and read, in several requests and ranges", async () => {
  await using firestore = await openTestFirestore({ registry });
  const { raw } = firestore;
  await writeFields(
    raw,
    numbers(20_000).map((n) => [`things/${n}`, { n: { integerValue: `${n}` } }]),
  );
  const snapshot = await raw.snapshot();
  const lines = await linesOf(snapshot, await snapshot.ranges({ wanted: 6 }));
  expect(lines.size).toBe(20_000);
  const wrong = numbers(20_000).filter(
    (n) => lines.get(`things/${n}`)?.includes(`"integerValue":"${n}"`) !== true,
  );
  expect(wrong).toEqual([]);
});

test("documents of a mebibyte, of any bytes, come back as they were", async () => {
  await using firestore = await openTestFirestore({ registry });
  const { raw } = firestore;
  const bytes = Buffer.alloc(1_040_000, "\u0000\u0001\u00ff", "latin1").toString("base64");
  const text = '\u0001😀\n"\\'.repeat(115_000);
  const documents = [
    ...numbers(12).map((n) => [`things/b${n}`, { bytes: { bytesValue: bytes } }] as const),
    ...numbers(12).map((n) => [`things/t${n}`, { text: { stringValue: text } }] as const),
  ];
  await writeFields(raw, documents);
  const lines = await linesOf(await raw.snapshot());
  expect(lines.size).toBe(24);
  for (const [path, fields] of documents)
    expect(JSON.parse(lines.get(path) ?? "")).toMatchObject({ fields });
});

test("create says which documents are there and leaves them; set replaces them; delete removes them", async () => {
  await using firestore = await openTestFirestore({ registry });
  const { raw } = firestore;
  await writeFields(raw, [["things/1", { n: { integerValue: "1" } }]]);
  const failures: RawFailure[] = [];
  const line = (path: string): string => lineOf(raw.database, path, { n: { integerValue: "2" } });
  const summary = await raw.write(
    [
      { op: "create", line: line("things/1") },
      { op: "create", line: Buffer.from(`${line("things/2")}\n`) },
    ],
    { ramp: false, onFailure: (failure) => failures.push(failure) },
  );
  expect(summary).toEqual({ written: 1, failed: 1, movedReferences: 0 });
  expect(failures).toMatchObject([{ op: "create", path: "things/1", status: "ALREADY_EXISTS" }]);
  expect(failures[0]?.line?.toString("utf8")).toBe(`${line("things/1")}\n`);
  await raw.write(
    [
      { op: "set", line: line("things/3") },
      { op: "delete", path: "things/2" },
    ],
    { ramp: false },
  );
  const after = await linesOf(await raw.snapshot());
  expect([...after.keys()]).toEqual(["things/1", "things/3"]);
  expect(after.get("things/1")).toContain('"integerValue":"1"');
});

test("a set or delete that asks for an update time leaves a document that was changed since, and one that is gone", async () => {
  await using firestore = await openTestFirestore({ registry });
  const { raw } = firestore;
  const line = (id: string, n: string): string =>
    lineOf(raw.database, `things/${id}`, { n: { integerValue: n } });
  const ids = ["set", "deleted", "changed", "changed too", "gone"];
  await raw.write(
    ids.map((id) => ({ op: "set", line: line(id, "1") })),
    { ramp: false },
  );
  const { lines } = await (await raw.snapshot()).get(ids.map((id) => `things/${id}`));
  const times = new Map(
    lines.map(({ path, updateTimeUs }) => [
      path.slice(7),
      {
        seconds: Math.floor(updateTimeUs / 1e6),
        nanoseconds: (updateTimeUs % 1e6) * 1000,
      },
    ]),
  );
  await raw.write(
    [
      { op: "set", line: line("changed", "2") },
      { op: "set", line: line("changed too", "2") },
      { op: "delete", path: "things/gone" },
    ],
    { ramp: false },
  );
  const condition = (id: string): RawWrite & { op: "delete" } => ({
    op: "delete",
    path: `things/${id}`,
    lastUpdateTime: times.get(id) ?? { seconds: 0, nanoseconds: 0 },
  });
  const failures: RawFailure[] = [];
  const summary = await raw.write(
    [
      { ...condition("set"), op: "set", line: line("set", "3") },
      condition("deleted"),
      { ...condition("changed"), op: "set", line: line("changed", "3") },
      condition("changed too"),
      { ...condition("gone"), op: "set", line: line("gone", "3") },
    ],
    { ramp: false, onFailure: (failure) => failures.push(failure) },
  );
  expect(summary).toMatchObject({ written: 2, failed: 3 });
  expect(new Set(failures.map(({ op, path }) => `${op} ${path}`))).toEqual(
    new Set(["delete things/changed too", "set things/changed", "set things/gone"]),
  );
  expect(["FAILED_PRECONDITION", "NOT_FOUND"]).toEqual(
    expect.arrayContaining(failures.map(({ status }) => status)),
  );
  const after = await linesOf(await raw.snapshot());
  expect([...after].map(([path, text]) => [path, /"integerValue":"(\d)"/.exec(text)?.[1]])).toEqual(
    [
      ["things/changed", "2"],
      ["things/changed too", "2"],
      ["things/set", "3"],
    ],
  );
});

test("one document that the server does not take holds no other back", async () => {
  await using firestore = await openTestFirestore({ registry });
  const { raw } = firestore;
  const failures: string[] = [];
  const tooLarge = { text: { stringValue: "x".repeat(1_100_000) } };
  const { written } = await raw.write(
    numbers(50).map((n) => ({
      op: "set" as const,
      line: lineOf(raw.database, `things/${n}`, n === 20 ? tooLarge : {}),
    })),
    { ramp: false, onFailure: ({ path }) => failures.push(path) },
  );
  expect(written).toBe(49);
  expect(failures).toEqual(["things/20"]);
  expect((await linesOf(await raw.snapshot())).size).toBe(49);
});

test("without onFailure the first failure is thrown", async () => {
  await using firestore = await openTestFirestore({ registry });
  const { raw } = firestore;
  await writeFields(raw, [["things/1", {}]]);
  const line = lineOf(raw.database, "things/1", {});
  expect(await errorOf(raw.write([{ op: "create", line }], { ramp: false }))).toMatchObject({
    code: "DOCUMENT_EXISTS",
    path: "things/1",
  });
});

test("names and references of the source are moved at any depth, and those of a third database are not", async () => {
  await using firestore = await openTestFirestore({ registry });
  const { raw } = firestore;
  const source = "projects/source/databases/other";
  const fields = (database: string) => ({
    deep: {
      mapValue: {
        fields: {
          list: {
            arrayValue: { values: [to(database, "a/1"), to("projects/x/databases/y", "a/1")] },
          },
        },
      },
    },
    ref: to(database, "b/2"),
    text: { stringValue: `${source}/documents/a/1` },
  });
  const { movedReferences } = await raw.write(
    [{ op: "set", line: lineOf(source, "things/1", fields(source)) }],
    { ramp: false, from: source },
  );
  expect(movedReferences).toBe(2);
  const lines = await linesOf(await raw.snapshot());
  expect(withoutTimes(lines.get("things/1") ?? "")).toBe(
    lineOf(raw.database, "things/1", fields(raw.database)),
  );
});

test("a line of another database, one that is no JSON and one of an unknown type are refused without showing them", async () => {
  await using firestore = await openTestFirestore({ registry });
  const { raw } = firestore;
  for (const line of [
    lineOf("projects/x/databases/y", "things/1", { secret: { stringValue: "s3cret" } }),
    `{"name":"${raw.database}/documents/things/1","fields":{"a":{"stringValue":"s3cret`,
    lineOf(raw.database, "things/1", { a: { futureValue: "s3cret" } }),
    lineOf(raw.database, "things/1", { a: { integerValue: "s3cret" } }),
  ]) {
    const error = await errorOf(raw.write([{ op: "set", line }], { ramp: false }));
    expect(error).toMatchObject({ code: "INVALID_VALUE" });
    expect(JSON.stringify(error) + String(error)).not.toContain("s3cret");
  }
});

test("what the source throws ends the write as it is", async () => {
  await using firestore = await openTestFirestore({ registry });
  const { raw } = firestore;
  const broken = new RangeError("broken");
  async function* source(): AsyncGenerator<{ readonly op: "set"; readonly line: string }> {
    yield { op: "set", line: lineOf(raw.database, "things/1", {}) };
    await Promise.resolve();
    throw broken;
  }
  expect(await errorOf(raw.write(source(), { ramp: false }))).toBe(broken);
});

test("a write goes on when the connection is cut and comes back", async () => {
  await using door = await openTcpDoor(firestoreHost());
  await using firestore = await openTestFirestore({ registry, emulatorHost: door.host });
  const { raw } = firestore;
  let cuts = 0;
  const { written } = await raw.write(
    numbers(5000).map((n) => ({
      op: "set" as const,
      line: lineOf(raw.database, `things/${n}`, {}),
    })),
    {
      ramp: false,
      onProgress: () => {
        if ((cuts += 1) > 3) return;
        door.cut();
        door.open();
      },
    },
  );
  expect(written).toBe(5000);
  expect((await linesOf(await raw.snapshot())).size).toBe(5000);
});

test("a read goes on behind the last document when the connection is cut within it, again and again", async () => {
  await using door = await openTcpDoor(firestoreHost());
  await using firestore = await openTestFirestore({ registry, emulatorHost: door.host });
  const { raw } = firestore;
  const text = "x".repeat(500);
  await writeFields(
    raw,
    numbers(3000).map((n) => [`things/${n}`, { text: { stringValue: text } }]),
  );
  const snapshot = await raw.snapshot();
  const [range] = await snapshot.ranges();
  const paths: string[] = [];
  for await (const { lines } of snapshot.read(range ?? { start: undefined, end: undefined })) {
    paths.push(...lines.map(({ path }) => path));
    door.cutAfter(100_000);
  }
  expect(paths).toHaveLength(3000);
  expect(new Set(paths).size).toBe(3000);
});

test("an aborted read and an aborted write end with CANCELLED", async () => {
  await using firestore = await openTestFirestore({ registry });
  const { raw } = firestore;
  const controller = new AbortController();
  const read = async (): Promise<void> => {
    const snapshot = await raw.snapshot();
    for await (const _ of snapshot.read(
      { start: undefined, end: undefined },
      { signal: controller.signal },
    ))
      controller.abort();
    throw new Error("It came to its end.");
  };
  await writeFields(
    raw,
    numbers(3000).map((n) => [`things/${n}`, { text: { stringValue: "x".repeat(300) } }]),
  );
  expect(await errorOf(read())).toMatchObject({ code: "CANCELLED" });
  function* endless(): Generator<{ readonly op: "set"; readonly line: string }> {
    for (let n = 0; ; n += 1) yield { op: "set", line: lineOf(raw.database, `more/${n}`, {}) };
  }
  const stop = new AbortController();
  const writing = raw.write(endless(), {
    ramp: false,
    signal: stop.signal,
    onProgress: () => stop.abort(),
  });
  expect(await errorOf(writing)).toMatchObject({ code: "CANCELLED" });
});

test("a moment of eight days ago is READ_TIME_UNAVAILABLE", async () => {
  await using firestore = await openTestFirestore({ registry });
  const snapshot = await firestore.raw.snapshot({
    readTime: new Date(Date.now() - 8 * 86_400_000),
  });
  expect(await errorOf(snapshot.collections())).toMatchObject({ code: "READ_TIME_UNAVAILABLE" });
  expect(await errorOf(linesOf(snapshot))).toMatchObject({ code: "READ_TIME_UNAVAILABLE" });
});
