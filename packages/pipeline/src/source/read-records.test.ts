import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { gzipSync, zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readAll, readContent, sourceFolder, thrownBy } from "../../testing/source-files.ts";
import { PipelineError } from "../pipeline-error.ts";
import { readRecords } from "./read-records.ts";

const numRuns = process.env["SLOW"] === "1" ? 500 : 50;
const rows = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, index) => `${from + index},${"x".repeat(80)}\n`).join("");
const csv = { format: "csv", delimiter: ",", columns: [] } as const;

const packers = [
  { suffix: "gz", pack: (text: string) => gzipSync(text) },
  { suffix: "zst", pack: (text: string) => zstdCompressSync(text) },
];

test("gzip and zstd are read whole, of one part and of many, told by how the file begins", async () => {
  using folder = sourceFolder();
  for (const { suffix, pack } of packers) {
    // Parts that end anywhere in what is read at once, and many within it.
    const parts = [
      pack("a,b\n"),
      pack(rows(0, 20_000)),
      pack(rows(20_000, 20_001)),
      pack(""),
      pack(rows(20_001, 45_000)),
    ];
    const content = Buffer.concat(parts);
    for (const name of [`file.csv.${suffix}`, `plain-${suffix}`]) {
      const { records, summary } = await readAll(folder.put(name, content));
      expect(records).toHaveLength(45_000);
      expect(records.at(-1)).toMatchObject({ line: 45_001, record: { a: "44999" } });
      expect(summary).toEqual({
        records: 45_000,
        bytes: content.length,
        sha256: createHash("sha256").update(content).digest("hex"),
      });
    }
  }
});

test("a compressed file that is cut off, damaged or followed by anything else is an error that names it", async () => {
  using folder = sourceFolder();
  for (const { suffix, pack } of packers) {
    const whole = Buffer.concat([pack("a,b\n"), pack(rows(0, 500))]);
    const flipped = Buffer.from(whole);
    flipped[whole.length - 40] = (flipped[whole.length - 40] ?? 0) ^ 0xff;
    const bad = [
      whole.subarray(0, -1),
      whole.subarray(0, -60),
      flipped,
      Buffer.concat([whole, Buffer.from("garbage behind the end")]),
      Buffer.concat([whole, pack(rows(0, 10)).subarray(0, -3)]),
      Buffer.concat([whole, Buffer.from([0x1f])]),
    ];
    for (const [index, content] of bad.entries()) {
      const file = folder.put(`${index}.csv.${suffix}`, content);
      expect(await thrownBy(readAll(file))).toMatchObject({ code: "FILE_FAILED", file });
    }
  }
});

test("zeros behind gzip are padding, and what follows them is read", async () => {
  const padding = Buffer.alloc(1000);
  const content = Buffer.concat([gzipSync("a\n1\n"), padding, gzipSync("2\n"), padding]);
  expect((await readContent(content)).records.map(({ record }) => record)).toEqual([
    { a: "1" },
    { a: "2" },
  ]);
});

test("a file that is named .gz and is not, a workbook, bzip2, xz and UTF-32 are refused with what they are", async () => {
  using folder = sourceFolder();
  const cases = [
    ["a.csv.gz", "a\n1\n", "not what its name says"],
    ["a.zst", "", "not what its name says"],
    ["a.xlsx", "PK\u0003\u0004xxxx", "Excel workbook"],
    ["a.bz2", "BZh91AY", "bzip2"],
    ["a.csv", Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), "UTF-32"],
  ] as const;
  for (const [name, content, words] of cases) {
    const error = await thrownBy(readAll(folder.put(name, content)));
    expect(error).toMatchObject({ code: "FILE_FAILED", message: expect.stringContaining(words) });
  }
});

test("a file that is not there, not readable, or none is an error that names it", async () => {
  using folder = sourceFolder();
  const missing = `${folder.path}/missing.csv`;
  expect(await thrownBy(readAll(missing))).toMatchObject({ code: "NOT_FOUND", file: missing });
  expect(await thrownBy(readAll(`${folder.put("a", "")}/b`))).toMatchObject({ code: "NOT_FOUND" });
  mkdirSync(`${folder.path}/folder.csv`);
  expect(await thrownBy(readAll(`${folder.path}/folder.csv`))).toMatchObject({
    code: "FILE_FAILED",
  });
  expect(await thrownBy(readAll("/dev/null"))).toMatchObject({ code: "FILE_FAILED" });
});

test.skipIf(process.seteuid === undefined || process.getuid?.() !== 0)(
  "a file that one may not read is DENIED (as root, for a moment as another user)",
  async () => {
    using folder = sourceFolder();
    chmodSync(folder.path, 0o755);
    const file = folder.put("a.csv", "a\n1\n");
    chmodSync(file, 0o600);
    process.seteuid?.(65_534);
    const error = await thrownBy(readAll(file)).finally(() => process.seteuid?.(0));
    expect(error).toMatchObject({ code: "DENIED", file });
  },
);

test("a file that is written to, cut or rewritten while it is read is an error", async () => {
  const content = `a,b\n${rows(0, 20_000)}`;
  const acts = [
    (file: string) => appendFileSync(file, "1,2\n"),
    (file: string) => truncateSync(file, content.length - 100),
    (file: string) => writeFileSync(file, content.replaceAll("x", "y")),
  ];
  for (const act of acts) {
    using folder = sourceFolder();
    const file = folder.put("a.csv", content);
    let batches = 0;
    const read = async (): Promise<void> => {
      for await (const _ of readRecords(file, csv)) if ((batches += 1) === 2) act(file);
    };
    expect(await thrownBy(read())).toMatchObject({
      code: "FILE_FAILED",
      message: expect.stringContaining("was changed"),
    });
    expect(batches).toBeGreaterThan(2);
  }
});

test("a file that is removed or replaced while it is read is read as it was", async () => {
  for (const act of [
    (file: string) => rmSync(file),
    (file: string) => {
      writeFileSync(`${file}.new`, "a\n1\n");
      renameSync(`${file}.new`, file);
    },
  ]) {
    using folder = sourceFolder();
    const source = readRecords(folder.put("a.csv", `a,b\n${rows(0, 20_000)}`), csv);
    let records = 0;
    for await (const batch of source) {
      if (records === 0) act(`${folder.path}/a.csv`);
      records += batch.length;
    }
    expect(records).toBe(20_000);
    expect(source.summary).toMatchObject({ records: 20_000 });
  }
});

test("a signal stops it, with its own reason if that is one of ours", async () => {
  using folder = sourceFolder();
  const file = folder.put("a.csv", `a,b\n${rows(0, 20_000)}`);
  const stopWith = async (reason: unknown): Promise<unknown> => {
    const controller = new AbortController();
    const { signal } = controller;
    return await thrownBy(
      (async () => {
        for await (const _ of readRecords(file, { ...csv, signal })) controller.abort(reason);
      })(),
    );
  };
  expect(await stopWith(undefined)).toMatchObject({ code: "CANCELLED" });
  const lost = new PipelineError("LEASE_LOST", "Lost.");
  expect(await stopWith(lost)).toBe(lost);
});

test("bytes are counted as they are in the file, and batches are as large as was asked for", async () => {
  using folder = sourceFolder();
  const content = gzipSync(`a,b\n${rows(0, 20_000)}`);
  let bytes = 0;
  const sizes: number[] = [];
  const file = folder.put("a.gz", content);
  const options = { ...csv, batch: 700, onBytes: (more: number) => void (bytes += more) };
  for await (const batch of readRecords(file, options)) sizes.push(batch.length);
  expect(bytes).toBe(content.length);
  expect(Math.max(...sizes)).toBe(700);
  expect(sizes).toHaveLength(29);
});

test("large records come in small batches", async () => {
  const large = `${"v".repeat(1_000_000)}\n`;
  using folder = sourceFolder();
  const sizes: number[] = [];
  for await (const batch of readRecords(folder.put("a.csv", `a\n${large.repeat(20)}`), csv))
    sizes.push(batch.length);
  expect(Math.max(...sizes)).toBeLessThan(6);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(20);
});

test("any bytes are read, or refused with FILE_FAILED", async () => {
  using folder = sourceFolder();
  const beginnings = fc.constantFrom(
    "",
    "a,b\n",
    "\u001F\u008B",
    "\u001F\u008B\b\0",
    "(\u00B5/\u00FD",
    "\u00FF\u00FE",
    "[{",
    "{",
  );
  await fc.assert(
    fc.asyncProperty(beginnings, fc.uint8Array({ maxLength: 200 }), async (beginning, rest) => {
      const file = folder.put("any", Buffer.concat([Buffer.from(beginning, "latin1"), rest]));
      for (const format of ["csv", "json", "ndjson"] as const) {
        const code = await readAll(file, { format }).then(
          ({ summary }) => summary?.sha256.length,
          (error: unknown) => error instanceof PipelineError && error.code,
        );
        expect(["FILE_FAILED", 64]).toContain(code);
      }
    }),
    { numRuns },
  );
});
