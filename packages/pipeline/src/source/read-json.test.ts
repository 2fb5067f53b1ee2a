import { jsonFromText } from "@ctb-data/models";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { outlineOf, readContent, thrownBy } from "../../testing/source-files.ts";
import { chunksOf, recordsOf } from "../../testing/splitting.ts";
import { readJsonRecord } from "./json-record.ts";
import { JsonSplitter } from "./json-splitter.ts";
import { LineSplitter } from "./line-splitter.ts";

const numRuns = process.env["SLOW"] === "1" ? 2000 : 200;
const json = { format: "json" } as const;
const ndjson = { format: "ndjson" } as const;

test("NDJSON has a record in each line that is not blank, by any line end", async () => {
  const { records, summary } = await readContent(
    '\uFEFF{"a":1}\r\n \t\n{"a":"x\\n"}\r{"a":null} ',
    ndjson,
  );
  expect(outlineOf(records)).toEqual(['1 {"a":1}', String.raw`3 {"a":"x\n"}`, '4 {"a":null}']);
  expect(summary).toMatchObject({ records: 3 });
  expect((await readContent("", ndjson)).records).toEqual([]);
});

test("lines that are no objects, no JSON, or have a field twice are named, and the others are read", async () => {
  const lines = [
    "[1]",
    "7",
    '"x"',
    "null",
    "1e999",
    '{"a":',
    '{"a":1,"a":2}',
    '{"a":{"b":1,"c":"d:e"}}',
    "{}",
  ];
  const { records } = await readContent(lines.join("\n"), ndjson);
  expect(outlineOf(records)).toEqual([
    "1 wrong_type",
    "2 wrong_type",
    "3 wrong_type",
    "4 wrong_type",
    "5 wrong_type",
    "6 unreadable",
    "7 unreadable",
    '8 {"a":{"b":1,"c":"d:e"}}',
    "9 {}",
  ]);
  expect(records[5]?.text).toBe('{"a":');
});

test("numbers keep every digit", async () => {
  const { records } = await readContent(
    '{"a":12345678901234567890,"b":0.1000000000000000055511151231257827,"c":1.50}',
    ndjson,
  );
  expect(records[0]?.record).toMatchObject({ a: 12_345_678_901_234_567_890n, c: 1.5 });
  expect(JSON.stringify(records[0]?.record?.["b"])).toBe("0.1000000000000000055511151231257827");
});

test("fields may have any name", async () => {
  for (const options of [json, ndjson]) {
    const { records } = await readContent('{"__proto__":{"x":1},"toString":2}', options);
    expect(Object.entries(records[0]?.record ?? {})).toEqual([
      ["__proto__", { x: 1 }],
      ["toString", 2],
    ]);
    expect(records[0]?.record?.["constructor"]).toBe(undefined);
  }
});

const deep = (levels: number): string => `{"a":${"[".repeat(levels)}${"]".repeat(levels)}}`;

test("what is nested too deeply is unreadable", async () => {
  const { records } = await readContent([deep(400), deep(600), deep(500_000)].join("\n"), ndjson);
  expect(records.map(({ failures }) => failures[0]?.code)).toEqual([
    undefined,
    "unreadable",
    "unreadable",
  ]);
});

test("bytes that are not UTF-8 are named by the line of their record", async () => {
  for (const options of [json, ndjson]) {
    const content = Buffer.from('{"a":"x"}\n{"a":"\xe9"}\n{"a":"y"}', "latin1");
    expect(outlineOf((await readContent(content, options)).records)).toEqual([
      '1 {"a":"x"}',
      "2 wrong_encoding",
      '3 {"a":"y"}',
    ]);
  }
});

test("a JSON file is an array of records, or one record behind the other", async () => {
  const expected = ['2 {"a":[1,{"b":"]}\\\\\\""}]}', '4 {"a":2}'];
  const [first, second] = ['{"a":[1,{"b":"]}\\\\\\""}]}', '{"a":\n\n2}'];
  for (const text of [
    `[\n${first},\n\r\n${second}]`,
    `\n${first}\n\n${second}`,
    `\n[${first}]\n\n[${second}]`,
  ])
    expect(outlineOf((await readContent(text, json)).records)).toEqual(expected);
  expect((await readContent("{}{}\n[]", json)).records).toHaveLength(2);
  expect((await readContent(" [ ] ", json)).records).toEqual([]);
});

test("an element that is no record is named by its line and holds no other back", async () => {
  const text = '[{"a":1},\n{"a":,},\n,7,\n{"a":"x\ny"},{"a":[}},{"a":2} {"a":3},\n{"a":4},\n]';
  expect(outlineOf((await readContent(text, json)).records)).toEqual([
    '1 {"a":1}',
    "2 unreadable",
    "3 unreadable",
    "3 wrong_type",
    "4 unreadable",
    "5 unreadable",
    "5 unreadable",
    '6 {"a":4}',
    "7 unreadable",
  ]);
});

test("a JSON file that is cut off or empty is refused", async () => {
  const cut = await thrownBy(readContent('\n[{"a":1},\n{"a":', json));
  expect(cut).toMatchObject({
    code: "FILE_FAILED",
    message: expect.stringContaining("begins on line 2"),
  });
  expect(await thrownBy(readContent('[{"a":1}', json))).toMatchObject({ code: "FILE_FAILED" });
  expect(await thrownBy(readContent(" \n", json))).toMatchObject({ code: "FILE_FAILED" });
  expect(outlineOf((await readContent('{"a":1}\n{"a":', json)).records)).toEqual([
    '1 {"a":1}',
    "2 unreadable",
  ]);
});

test("a record of 100 MB is too large, and the next is read", () => {
  const blocks = Array.from({ length: 100 }, () => Buffer.alloc(1_000_000, '{"[]"},'));
  const cases = [
    { splitter: new LineSplitter(), before: "{}\n", after: "\n{}" },
    { splitter: new JsonSplitter(), before: '[{},\n["', after: '{}"]\n,\n{}]' },
  ];
  for (const { splitter, before, after } of cases) {
    const raws = recordsOf(splitter, [Buffer.from(before), ...blocks, Buffer.from(after)]);
    const codes = raws.map((raw) => readJsonRecord(raw).failures[0]?.code);
    expect(codes.at(0)).toBe(undefined);
    expect(codes.at(1)).toBe("too_large");
    expect(raws.at(1)?.bytes.length).toBe(4097);
    expect(codes.at(-1)).toBe(undefined);
    expect(codes).toHaveLength(3);
  }
});

test("random JSON comes back from any layout and chunks", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
  const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }));
  const space = fc.constantFrom("", " ", "\n", "\r\n\t");
  fc.assert(
    fc.property(
      fc.array(object),
      fc.array(space, { minLength: 1 }),
      sizes,
      (values, spaces, parts) => {
        let count = 0;
        const next = (): string => spaces[(count += 1) % spaces.length] ?? "";
        const texts = values.map((value) => JSON.stringify(value, null, next()));
        const array = `${next()}[${texts.map((text) => next() + text + next()).join(",")}${next()}]`;
        const sequence = texts.map((text) => next() + text).join(next());
        for (const text of [array, sequence]) {
          const raws = recordsOf(new JsonSplitter(), chunksOf(Buffer.from(text), parts));
          const records = raws.map((raw) => ({ ...readJsonRecord(raw).record }));
          expect(records).toEqual(values.map((value) => jsonFromText(JSON.stringify(value))));
        }
      },
    ),
    { numRuns },
  );
});

const hostile = fc
  .array(fc.constantFrom(...Array.from('"\\,:[]{}\n\r a1é')), { maxLength: 60 })
  .map((parts) => Buffer.from(parts.join("")));

test("of any bytes, each is in a record or between records, and chunks make no difference", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 });
  const makers = [
    { make: () => new LineSplitter(), between: /^[\n\r \t]*$/ },
    { make: () => new JsonSplitter(), between: /^[\n\r \t,[\]]*$/ },
  ];
  fc.assert(
    fc.property(fc.oneof(hostile, fc.uint8Array({ maxLength: 80 })), sizes, (given, parts) => {
      const bytes = Buffer.from(given);
      for (const { make, between } of makers) {
        const whole = recordsOf(make(), [bytes]);
        expect(recordsOf(make(), chunksOf(bytes, parts))).toEqual(whole);
        let at = 0;
        for (const raw of whole) {
          // An element that is missing between two commas has no bytes.
          const found = bytes.indexOf(raw.bytes, at);
          expect(bytes.toString("latin1", at, found)).toMatch(between);
          at = found + raw.bytes.length;
          expect(typeof readJsonRecord(raw).line).toBe("number");
        }
        expect(bytes.toString("latin1", at)).toMatch(between);
      }
    }),
    { numRuns },
  );
});
