import { readdirSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";

/** `log`: commits, one after the other. `snapshot`: all databases as they were when the log of that number was begun. */
export type JournalFileKind = "log" | "snapshot";

/** A file of the journal. */
export interface JournalFile {
  readonly kind: JournalFileKind;
  readonly number: number;
  readonly path: string;
}

/** What comes before the first frame of a file. */
export const fileHeaderBytes = 16;

const namePattern = /^(log|snapshot)-(\d{8,10})$/u;
const magic: Readonly<Record<JournalFileKind, string>> = { log: "FSE log1", snapshot: "FSE snp1" };

/** Where the file of that kind and number is. */
export function journalFile(folder: string, kind: JournalFileKind, number: number): JournalFile {
  return { kind, number, path: join(folder, `${kind}-${String(number).padStart(8, "0")}`) };
}

/** The files of that kind, by their numbers. */
export function listJournalFiles(folder: string, kind: JournalFileKind): JournalFile[] {
  return readdirSync(folder)
    .flatMap((name) => {
      const match = namePattern.exec(name);
      return match?.[1] === kind ? [journalFile(folder, kind, Number(match[2]))] : [];
    })
    .toSorted((left, right) => left.number - right.number);
}

/** How the file begins: 8 letters that say what it is, its number, and a CRC-32 of both. */
export function fileHeaderOf({ kind, number }: JournalFile): Buffer {
  const header = Buffer.alloc(fileHeaderBytes);
  header.write(magic[kind], "latin1");
  header.writeUInt32LE(number, 8);
  header.writeUInt32LE(crc32(header.subarray(0, 12)), 12);
  return header;
}
