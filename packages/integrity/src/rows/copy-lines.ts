import type { Connection } from "@ctb-data/postgres";

const lineBreak = 0x0a;

/**
 * The rows of one `COPY … TO STDOUT` in the text format, those of one chunk at a time: each a list of texts, null for NULL.
 *
 * @throws {PostgresError}
 */
export async function* copyLines(
  connection: Connection,
  sql: string,
  signal?: AbortSignal,
): AsyncGenerator<readonly (readonly (string | null)[])[], void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of connection.copyOut(sql, { signal })) {
    const end = chunk.lastIndexOf(lineBreak) + 1;
    if (end === 0) {
      rest = Buffer.concat([rest, chunk]);
      continue;
    }
    const whole = chunk.subarray(0, end);
    const text = (rest.length === 0 ? whole : Buffer.concat([rest, whole])).toString("utf8");
    // The chunk's memory is used again.
    rest = Buffer.from(chunk.subarray(end));
    yield text.slice(0, -1).split("\n").map(fieldsOf);
  }
}

function fieldsOf(line: string): readonly (string | null)[] {
  return line.split("\t").map(fieldOf);
}

function fieldOf(field: string): string | null {
  if (!field.includes("\\")) return field;
  return field === "\\N" ? null : field.replaceAll(/\\(.)/gs, unescape);
}

const escapes: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" }; // prettier-ignore

function unescape(_all: string, character: string): string {
  return escapes[character] ?? character;
}
