import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRecords } from "../src/source/read-records.ts";
import type { ReadRecord, ReadRecordsOptions, SourceSummary } from "../src/source/source-record.ts";

/** A folder that is removed at the end, and files in it. */
export interface SourceFolder extends Disposable {
  readonly path: string;
  /** Writes a file, and gives its path. */
  put(name: string, content: string | Uint8Array): string;
}

export function sourceFolder(): SourceFolder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "ctb-data-")));
  return {
    path,
    put: (name, content) => {
      const file = join(path, name);
      writeFileSync(file, content);
      return file;
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** What a file was read as. */
export interface ReadAll {
  readonly records: readonly ReadRecord[];
  readonly summary: SourceSummary | undefined;
}

/** Reads a file to its end. */
export async function readAll(
  file: string,
  options: Partial<ReadRecordsOptions> = {},
): Promise<ReadAll> {
  const source = readRecords(file, { format: "csv", delimiter: ",", columns: [], ...options });
  const records: ReadRecord[] = [];
  for await (const batch of source) records.push(...batch);
  return { records, summary: source.summary };
}

/** The same for content that is put into a file. */
export async function readContent(
  content: string | Uint8Array,
  options: Partial<ReadRecordsOptions> = {},
): Promise<ReadAll> {
  using folder = sourceFolder();
  return await readAll(folder.put(`file.${options.format ?? "csv"}`, content), options);
}

/** `line code` of records that could not be read; the line and the values of the others. */
export function outlineOf(records: readonly ReadRecord[]): readonly string[] {
  return records.map(({ line, record, failures }) =>
    record === undefined
      ? `${line} ${failures.map(({ code }) => code).join(" ")}`
      : `${line} ${JSON.stringify(record)}`,
  );
}

/** What was thrown. */
export async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (error: unknown) => error,
  );
}
