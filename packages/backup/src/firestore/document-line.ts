/** A document, as a line of an archive or of a database. */
export interface DocumentLine {
  /** Below the database: `clients/42`. */
  readonly path: string;
  /** Its JSON, with or without its line feed. */
  readonly line: Uint8Array;
}

/** `projects/p/databases/d` */
export function databaseName({
  projectId,
  databaseId,
}: {
  readonly projectId: string;
  readonly databaseId: string;
}): string {
  return `projects/${projectId}/databases/${databaseId}`;
}

const head = Buffer.from('{"name":"');
const quote = 0x22;
const backslash = 0x5c;

/** The name in a line, which comes first. Undefined when the line is no document. */
export function nameInLine(line: Buffer): string | undefined {
  if (!line.subarray(0, head.length).equals(head)) return undefined;
  let end = head.length;
  while (end < line.length && line[end] !== quote) end += line[end] === backslash ? 2 : 1;
  const name = line.toString("utf8", head.length, end);
  if (!name.includes("\\")) return name;
  const parsed: unknown = JSON.parse(`"${name}"`);
  return typeof parsed === "string" ? parsed : undefined;
}
