import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import {
  contentOf,
  intakeError,
  membersFile,
  openTakingWorld,
  someMembers,
  takingBlueprint,
} from "../../testing/taking-world.ts";
import type { PipelineProgress } from "../progress.ts";

const idOf = (mail: string): string =>
  createHash("sha256")
    .update(JSON.stringify(["club", mail]))
    .digest("hex")
    .slice(0, 40);
const entriesIn = (file: string): readonly unknown[] =>
  readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

test("each record becomes a document under an id that tells nothing, with where it came from", async () => {
  await using world = await openTakingWorld();
  const file = world.file(membersFile([" ann@example.com ,Ann,gold,7,DE1", "bob@example.com,,,,"]));
  const told: Record<string, number> = {};
  const progress: PipelineProgress[] = [];
  const report = await world.take(file, {
    onProgress: (event) => progress.push(event),
    onWritten: async (counts) => {
      for (const [name, more] of Object.entries(counts)) told[name] = (told[name] ?? 0) + more;
      await Promise.resolve();
    },
  });
  const content = readFileSync(file);
  expect(report).toEqual({
    read: 2,
    created: 2,
    changed: 0,
    unchanged: 0,
    repeated: 0,
    rejected: 0,
    doubtful: 1,
    bytes: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
    rejectsFile: undefined,
    firstErrors: [],
  });
  expect(report).toMatchObject(told);
  expect(progress).toContainEqual({
    kind: "total",
    name: "records",
    items: undefined,
    bytes: content.length,
  });
  expect(progress).toContainEqual({
    kind: "count",
    name: "records",
    items: 2,
    bytes: content.length,
  });
  expect(progress).toContainEqual({ kind: "count", name: "documents", items: 2 });
  const documents = await contentOf(world);
  expect([...documents.keys()].toSorted()).toEqual(
    [idOf("ann@example.com"), idOf("bob@example.com")].toSorted(),
  );
  expect(documents.get(idOf("ann@example.com"))).toMatchObject({
    "E-Mail ü": { stringValue: "ann@example.com" },
    name: { stringValue: "Ann" },
    rank: { stringValue: "gold" },
    points: { integerValue: "7" },
    tax: { clear: "DE1" },
    imo: {
      mapValue: {
        fields: {
          hash: { stringValue: expect.stringMatching(/^[\da-f]{64}$/) },
          file: { stringValue: "members.csv" },
          line: { integerValue: "2" },
        },
      },
    },
  });
});

test("a value that does not fit becomes a document all the same, for people to mend", async () => {
  await using world = await openTakingWorld();
  const report = await world.take(world.file(membersFile(["ann@example.com,Ann,golden,seven,T"])));
  expect(report).toMatchObject({ created: 1, doubtful: 1, rejected: 0 });
  const document = (await contentOf(world)).get(idOf("ann@example.com"));
  expect(document).toMatchObject({
    rank: { stringValue: "golden" },
    points: { stringValue: "seven" },
  });
  expect(JSON.stringify(document)).toContain('"failures"');
});

test("taking the same file in again changes no document, whatever people have made of them", async () => {
  await using world = await openTakingWorld();
  const file = world.file(
    membersFile(["a@x.de,A,goldn,1,T1", "b@x.de,B,gold,2,T2", "c@x.de,C,gold,3,T3"]),
  );
  await world.take(file);
  const { raw } = world.firestore;
  const mended = {
    name: `${raw.database}/documents/member_intake/${idOf("a@x.de")}`,
    fields: { rank: { stringValue: "gold" }, validated: { booleanValue: true } },
  };
  await raw.write([{ op: "merge", line: JSON.stringify(mended), fields: ["rank", "validated"] }], {
    ramp: false,
  });
  const before = await world.documents();
  for (const dryRun of [true, false]) {
    const report = await world.take(file, { dryRun });
    expect(report).toMatchObject({ read: 3, created: 0, changed: 0, unchanged: 3 });
  }
  expect(await world.documents()).toEqual(before);
  expect(before.get(idOf("a@x.de"))?.fields).toMatchObject({ rank: { stringValue: "gold" } });
});

test("what the vendor has changed is changed: its columns are replaced, marks dropped, all else kept", async () => {
  await using world = await openTakingWorld();
  const lines = ["a@x.de,A,gold,1,T1", "b@x.de,B,gold,2,T2"];
  await world.take(world.file(membersFile(lines)));
  const { raw } = world.firestore;
  const own = {
    _note: { stringValue: "ours" },
    born: { stringValue: "2000-01-01" },
    validated: { booleanValue: true },
    promoted_to: { stringValue: "members/1" },
    name: { stringValue: "somebody's" },
    points: { integerValue: "9" },
  };
  const name = `${raw.database}/documents/member_intake/${idOf("a@x.de")}`;
  await raw.write(
    [{ op: "merge", line: JSON.stringify({ name, fields: own }), fields: Object.keys(own) }],
    { ramp: false },
  );
  const before = await world.documents();
  const file = world.file(membersFile(["a@x.de,A2,gold,,T1", lines[1] ?? ""]), "later.csv");
  expect(await world.take(file, { dryRun: true })).toMatchObject({
    changed: 1,
    unchanged: 1,
    created: 0,
  });
  expect(await world.documents()).toEqual(before);
  expect(await world.take(file)).toMatchObject({ changed: 1, unchanged: 1, created: 0 });
  const after = await world.documents();
  expect(after.get(idOf("b@x.de"))).toEqual(before.get(idOf("b@x.de")));
  const { imo, ...fields } = after.get(idOf("a@x.de"))?.fields ?? {};
  expect(fields).toEqual({
    "E-Mail ü": { stringValue: "a@x.de" },
    name: { stringValue: "A2" },
    rank: { stringValue: "gold" },
    tax: { clear: "T1" },
    _note: { stringValue: "ours" },
    born: { stringValue: "2000-01-01" },
  });
  expect(JSON.stringify(imo)).toContain("later.csv");
});

test("what nobody could use goes with a column that the blueprint maps no more, unless somebody has mended it", async () => {
  await using world = await openTakingWorld();
  const file = world.file(membersFile(["a@x.de,A,gold,zz,T1", "b@x.de,B,gold,zz,T2"]));
  await world.take(file);
  const { raw } = world.firestore;
  const name = `${raw.database}/documents/member_intake/${idOf("b@x.de")}`;
  const line = JSON.stringify({ name, fields: { points: { integerValue: "5" } } });
  await raw.write([{ op: "merge", line, fields: ["points"] }], { ramp: false });
  const blueprint = takingBlueprint();
  const columns = new Map(blueprint.intake.columns);
  columns.delete("points");
  const without = { ...blueprint, intake: { ...blueprint.intake, columns } };
  expect(await world.take(file, { blueprint: without })).toMatchObject({ changed: 2, doubtful: 0 });
  const documents = await world.documents();
  expect(documents.get(idOf("a@x.de"))?.fields).not.toHaveProperty("points");
  expect(documents.get(idOf("b@x.de"))?.fields["points"]).toEqual({ integerValue: "5" });
});

test("records that can be no document are in the file of rejects, which goes when there are none", async () => {
  await using world = await openTakingWorld();
  const wrong = [
    "a@x.de,A,gold,1,T",
    ",B,gold,2,T",
    "c@x.de",
    'd@x.de,"D,gold,3,T',
    `e@x.de,${"x".repeat(1_100_000)},gold,4,T`,
  ];
  const file = world.file(membersFile(wrong));
  chmodSync(file, 0o640);
  const rejectsFile = `${file}.rejected.ndjson`;
  expect(await world.take(file, { dryRun: true })).toMatchObject({
    created: 1,
    rejected: 4,
    rejectsFile: undefined,
  });
  expect(readdirSync(world.folder)).toEqual(["members.csv"]);
  expect((await world.documents()).size).toBe(0);
  const report = await world.take(file);
  expect(report).toMatchObject({ read: 5, created: 1, rejected: 4, rejectsFile });
  expect(report.firstErrors.map(({ place, code }) => `${place} ${code}`)).toEqual([
    "line 3 missing",
    "line 4 ragged",
    "line 5 unreadable",
    "line 6 too_large",
  ]);
  expect(entriesIn(rejectsFile)).toMatchObject([
    { line: 3, failures: [{ field: "Mail", code: "missing" }], record: { Mail: "", Name: "B" } },
    { line: 4, failures: [{ field: "", code: "ragged" }], text: "c@x.de" },
    { line: 5, failures: [{ code: "unreadable" }], text: 'd@x.de,"D,gold,3,T' },
    { line: 6, failures: [{ code: "too_large" }], record: { Mail: "e@x.de" } },
  ]);
  expect(statSync(rejectsFile).mode & 0o777).toBe(0o640);
  world.file(membersFile(["a@x.de,A,gold,1,T"]));
  expect(await world.take(file)).toMatchObject({
    rejected: 0,
    unchanged: 1,
    rejectsFile: undefined,
  });
  expect(readdirSync(world.folder)).toEqual(["members.csv"]);
});

test("of records of one key the first line counts; the others are rejected if they say something else", async () => {
  await using world = await openTakingWorld();
  const members = someMembers(150);
  const same = "m3@example.com,Name 3,gold,3,T3";
  const other = "m3@example.com,Other,gold,3,T3";
  const lines = [
    ...members.slice(0, 10),
    same,
    other,
    ...members.slice(10),
    same,
    ` ${other}`,
    "m149@example.com,X,gold,1,T",
  ];
  const file = world.file(membersFile(lines));
  expect(await world.take(file, { dryRun: true })).toMatchObject({
    created: 150,
    repeated: 5,
    rejected: 3,
  });
  const report = await world.take(file, { batch: 40 });
  expect(report).toMatchObject({ read: 155, created: 150, repeated: 5, rejected: 3 });
  expect(report.firstErrors.map(({ place, code, message }) => [place, code, message])).toEqual([
    ["line 13", "duplicate_key", expect.stringContaining("the key of line 5 ")],
    ["line 155", "duplicate_key", expect.stringContaining("the key of line 5 ")],
    ["line 156", "duplicate_key", expect.stringContaining("the key of line 153 ")],
  ]);
  const documents = await contentOf(world);
  expect(documents.size).toBe(150);
  expect(documents.get(idOf("m3@example.com"))).toMatchObject({ name: { stringValue: "Name 3" } });
  expect(await world.take(file)).toMatchObject({ unchanged: 150, repeated: 5, rejected: 3 });
});

test("NDJSON, JSON and compressed files are taken in as CSV is, and give the same documents", async () => {
  await using world = await openTakingWorld();
  const records = [
    { Mail: "a@x.de", Name: "A", Rank: "gold", Points: 900, Tax: "T" },
    { Mail: "b@x.de", Name: "B", Rank: "gold", Points: 901, Tax: "T" },
  ];
  const ndjson = world.file(records.map((record) => JSON.stringify(record)).join("\n"), "m.ndjson");
  expect(await world.take(ndjson, { blueprint: takingBlueprint("ndjson") })).toMatchObject({
    created: 2,
  });
  const json = world.file(JSON.stringify(records, null, 1), "m.json");
  expect(await world.take(json, { blueprint: takingBlueprint("json") })).toMatchObject({
    unchanged: 2,
  });
  const csv = membersFile(["a@x.de,A,gold,900,T", "b@x.de,B,gold,901,T"]);
  const packed = world.file(gzipSync(csv), "m.csv.gz");
  expect(await world.take(packed)).toMatchObject({ unchanged: 2 });
});

test("a file that cannot be read to its end is an error; what was read before stays, and no file of rejects appears", async () => {
  await using world = await openTakingWorld();
  const whole = gzipSync(membersFile([...someMembers(300), "ragged"]));
  const file = world.file(whole.subarray(0, -20), "cut.csv.gz");
  expect(await intakeError(world.take(file))).toMatchObject({ code: "FILE_FAILED", file });
  expect(readdirSync(world.folder)).toEqual(["cut.csv.gz"]);
  world.file(whole, "cut.csv.gz");
  const report = await world.take(file);
  expect(report).toMatchObject({ read: 301, rejected: 1 });
  expect(report.created + report.unchanged).toBe(300);
  expect((await world.documents()).size).toBe(300);
});

test("the vendor's file is never taken for the file of rejects, whatever links lead to it", async () => {
  await using world = await openTakingWorld();
  const content = membersFile(["a@x.de,A,,,"]);
  const file = world.file(content);
  const [link, hardLink] = [`${world.folder}/link.csv`, `${world.folder}/hard.csv`];
  symlinkSync(file, link);
  linkSync(file, hardLink);
  for (const [from, rejectsFile] of [
    [link, file],
    [file, hardLink],
  ] as const)
    expect(await intakeError(world.take(from, { rejectsFile }))).toMatchObject({
      code: "INVALID_OPTIONS",
    });
  expect(readFileSync(file, "utf8")).toBe(content);
});

test("what is wrong from the start is told before anything is written", async () => {
  await using world = await openTakingWorld();
  const file = world.file("Mail,Name\na@x.de,A\n");
  expect(await intakeError(world.take(file))).toMatchObject({ code: "FILE_FAILED", line: 1 });
  expect(await intakeError(world.take(`${world.folder}/none.csv`))).toMatchObject({
    code: "NOT_FOUND",
  });
  expect(
    await intakeError(world.take(file, { rejectsFile: `${world.folder}/./members.csv` })),
  ).toMatchObject({
    code: "INVALID_OPTIONS",
  });
  expect(existsSync(`${file}.rejected.ndjson`)).toBe(false);
  expect((await world.documents()).size).toBe(0);
});
