import * as fc from "fast-check";
import { expect, test } from "vitest";
import { chunksOf, recordsOf } from "../../testing/splitting.ts";
import { CsvRecords } from "./csv-records.ts";
import { CsvSplitter } from "./csv-splitter.ts";
import { mostRecordBytes, type RawRecord } from "./record-splitter.ts";

const numRuns = process.env["SLOW"] === "1" ? 2000 : 200;

const cell = fc.string({
  unit: fc.constantFrom(
    "a",
    "b",
    '"',
    ",",
    ";",
    "\n",
    "\r",
    "\r\n",
    " ",
    "é",
    "😀",
    "\0",
    "\uFEFF",
  ),
  maxLength: 6,
});
const lineEnd = fc.constantFrom("\n", "\r\n", "\r");

/** One line of CSV, with quotes where they must be, and where `always` says. */
function csvLine(cells: readonly string[], delimiter: string, always: boolean): string {
  const isBlank = cells.length === 1 && cells[0] === "";
  return cells
    .map((text) =>
      always || isBlank || /["\r\n]/.test(text) || text.includes(delimiter)
        ? `"${text.replaceAll('"', '""')}"`
        : text,
    )
    .join(delimiter);
}

test("random records come back from CSV of any quotes, line ends and chunks, with their lines", () => {
  const table = fc.integer({ min: 1, max: 4 }).chain((width) =>
    fc.record({
      rows: fc.array(
        fc.record({
          cells: fc.array(cell, { minLength: width, maxLength: width }),
          always: fc.boolean(),
          end: lineEnd,
          blanks: fc.integer({ min: 0, max: 1 }),
        }),
        { minLength: 1 },
      ),
      delimiter: fc.constantFrom(",", ";", "§", "\t"),
      sizes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      width: fc.constant(width),
    }),
  );
  fc.assert(
    fc.property(table, ({ rows, delimiter, sizes, width }) => {
      const names = Array.from({ length: width }, (_, index) => `c${index}`);
      let text = `${names.join(delimiter)}\n`;
      const expected = rows.map(({ cells, always, end, blanks }) => {
        // Behind a carriage return, a line feed would not be a blank line.
        text += "\n".repeat(text.endsWith("\r") ? 0 : blanks);
        const line = text.split(/\r\n|\r|\n/).length;
        text += csvLine(cells, delimiter, always) + end;
        return { line, values: cells };
      });
      const raws = recordsOf(new CsvSplitter(delimiter), chunksOf(Buffer.from(text), sizes));
      const records = new CsvRecords({ file: "f", delimiter, columns: names }).read(raws);
      expect(
        records.map(({ line, record = {} }) => ({
          line,
          values: names.map((name) => record[name]),
        })),
      ).toEqual(expected);
    }),
    { numRuns },
  );
});

const hostile = fc
  .array(
    fc.constantFrom('"', '"', ",", "\n", "\r", "a", "é", "§").map((text) => Buffer.from(text)),
    { maxLength: 60 },
  )
  .map((parts) => Buffer.concat(parts));

test("of any bytes, each is in a record or in a line end, and chunks make no difference", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 });
  fc.assert(
    fc.property(fc.oneof(hostile, fc.uint8Array({ maxLength: 80 })), sizes, (given, parts) => {
      const bytes = Buffer.from(given);
      const whole = recordsOf(new CsvSplitter("§"), [bytes]);
      expect(recordsOf(new CsvSplitter("§"), chunksOf(bytes, parts))).toEqual(whole);
      let at = 0;
      for (const raw of whole) {
        at = behindLineEnds(bytes, at);
        expect(raw.line).toBe(lineAt(bytes, at));
        expect(bytes.subarray(at, at + raw.bytes.length)).toEqual(raw.bytes);
        at += raw.bytes.length;
        expect([undefined, 10, 13]).toContain(bytes[at]);
      }
      expect(behindLineEnds(bytes, at)).toBe(bytes.length);
    }),
    { numRuns },
  );
});

function behindLineEnds(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === 10 || bytes[at] === 13) at += 1;
  return at;
}

const lineAt = (bytes: Buffer, at: number): number =>
  bytes
    .subarray(0, at)
    .toString("latin1")
    .split(/\r\n|\r|\n/).length;

const outline = (raws: readonly RawRecord[]): readonly string[] =>
  raws.map(({ line, failure, bytes }) => `${line} ${failure?.code ?? bytes.toString()}`);

test("a line of 100 MB is too large, and the next is read", () => {
  const block = Buffer.alloc(1_000_000, "x");
  const blocks = Array.from({ length: 100 }, () => block);
  for (const before of ["", '1,"', "1,2,"]) {
    const chunks = [Buffer.from(`a\n${before}`), ...blocks, Buffer.from("\nb\n")];
    const raws = recordsOf(new CsvSplitter(","), chunks);
    expect(outline(raws)).toEqual(["1 a", "2 too_large", "3 b"]);
    expect(raws[1]?.bytes.length).toBe(4097);
  }
});

test("a value of many lines that is not closed within 1.5 MiB costs its first line, however it is cut", () => {
  const line = Buffer.from(`${"y".repeat(1023)}\n`);
  const lines = Array.from({ length: 2000 }, () => line);
  const text = Buffer.concat([Buffer.from('a\n1,"x\n'), ...lines, Buffer.from('"\nz\n')]);
  const whole = recordsOf(new CsvSplitter(","), [text]);
  expect(whole).toHaveLength(2004);
  expect(outline(whole).slice(0, 2)).toEqual(["1 a", "2 unreadable"]);
  expect(outline(whole).slice(-2)).toEqual(["2003 unreadable", "2004 z"]);
  expect(recordsOf(new CsvSplitter(","), chunksOf(text, [100_000]))).toEqual(whole);
});

test("a record of 1.5 MiB is read, and one of a byte more is not", () => {
  const most = "v".repeat(mostRecordBytes);
  const raws = recordsOf(
    new CsvSplitter(","),
    chunksOf(Buffer.from(`${most}\nv${most}\nw`), [70_000]),
  );
  expect(raws.map(({ line, failure }) => `${line} ${failure?.code}`)).toEqual([
    "1 undefined",
    "2 too_large",
    "3 undefined",
  ]);
});
