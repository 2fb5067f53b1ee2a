import type { RawAccess, RawBatch, RawRange, RawSnapshot } from "../src/raw.ts";
import type { JsonValue } from "./arbitrary-document.ts";

/** The JSON of a document; `-0` keeps its sign, which JSON.stringify drops. */
export function lineOf(database: string, path: string, fields: JsonValue): string {
  const marked = JSON.stringify(
    { name: `${database}/documents/${path}`, fields },
    (_, value: unknown) => (Object.is(value, -0) ? "\u0001-0" : value),
  );
  return marked.replaceAll(String.raw`"\u0001-0"`, "-0");
}

/** Writes documents of JSON fields, by path. */
export async function writeFields(
  raw: RawAccess,
  documents: Iterable<readonly [path: string, fields: JsonValue]>,
): Promise<void> {
  const writes = [...documents].map(([path, fields]) => ({
    op: "set" as const,
    line: lineOf(raw.database, path, fields),
  }));
  await raw.write(writes, { ramp: false });
}

/** All lines, by path, in the order in which they came. */
export async function linesOf(
  snapshot: RawSnapshot,
  ranges?: readonly RawRange[],
): Promise<ReadonlyMap<string, string>> {
  const lines = new Map<string, string>();
  for (const range of ranges ?? (await snapshot.ranges())) {
    for await (const batch of snapshot.read(range)) {
      for (const [path, line] of linesIn(batch)) {
        if (lines.has(path)) throw new Error(`${path} came twice.`);
        lines.set(path, line);
      }
    }
  }
  return lines;
}

/** The lines of a batch, with their paths. */
export function linesIn({ bytes, lines }: RawBatch): readonly (readonly [string, string])[] {
  return lines.map(({ path, end }, index) => {
    const start = lines[index - 1]?.end ?? 0;
    return [path, bytes.toString("utf8", start, end)] as const;
  });
}

/** A line without its times. */
export function withoutTimes(line: string): string {
  return line.replace(/,"createTime":"[^"]*","updateTime":"[^"]*"\}\n$/, "}");
}
