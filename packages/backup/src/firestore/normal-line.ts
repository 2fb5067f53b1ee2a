const timesHead = Buffer.from(',"createTime":"');
const lineFeed = 0x0a;
const objectEnd = Buffer.from("}");

/**
 * A line without what differs between a document and its copy: the times, and the names of these databases, in the document's own
 * name and in references at any depth. Nothing is parsed: the marks that are looked for cannot be in a text, where quotes have a
 * backslash before them, nor be a key, which has no text behind it.
 *
 * @param databases `projects/p/databases/d`
 */
export function normalLine(line: Uint8Array, databases: readonly string[]): Buffer {
  let bytes = withoutTimes(Buffer.from(line.buffer, line.byteOffset, line.byteLength));
  for (const database of databases) bytes = withoutDatabase(bytes, database);
  return bytes;
}

function withoutTimes(line: Buffer): Buffer {
  const at = line.lastIndexOf(timesHead);
  if (at !== -1) return Buffer.concat([line.subarray(0, at), objectEnd]);
  return line.at(-1) === lineFeed ? line.subarray(0, -1) : line;
}

function withoutDatabase(line: Buffer, database: string): Buffer {
  const prefix = `${database}/documents/`;
  const pieces: Buffer[] = [];
  let from = 0;
  for (const head of ['{"name":"', '{"referenceValue":"']) {
    const mark = Buffer.from(head + prefix);
    for (let at = line.indexOf(mark, from); at !== -1; at = line.indexOf(mark, from)) {
      pieces.push(line.subarray(from, at + head.length));
      from = at + mark.length;
      if (head === '{"name":"') break;
    }
  }
  if (pieces.length === 0) return line;
  pieces.push(line.subarray(from));
  return Buffer.concat(pieces);
}
