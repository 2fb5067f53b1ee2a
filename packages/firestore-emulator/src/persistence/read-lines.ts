/** Longer than any document is as a line. */
const maxLineBytes = 64 << 20;

/** A line without its end, and its number from 1. */
export interface Line {
  readonly text: string;
  readonly number: number;
}

/**
 * The lines of a text in UTF-8, divided by line feeds only: `node:readline` divides at U+2028 too, which JSON may hold.
 * @throws {RangeError} with the number of the line when one is not UTF-8 or far too long.
 */
export async function* readLines(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<Line> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let number = 0;
  const finish = (last: Buffer): Line => {
    number += 1;
    const bytes = pending.length === 0 ? last : Buffer.concat([...pending, last]);
    pending = [];
    pendingBytes = 0;
    return { text: textOf(bytes, number), number };
  };
  for await (const chunk of source) {
    let rest = Buffer.from(chunk);
    for (let feed = rest.indexOf(10); feed !== -1; feed = rest.indexOf(10)) {
      yield finish(rest.subarray(0, feed));
      rest = rest.subarray(feed + 1);
    }
    pendingBytes += rest.length;
    if (pendingBytes > maxLineBytes) throw new RangeError(`line ${number + 1} is too long`);
    if (rest.length > 0) pending.push(rest);
  }
  if (pendingBytes > 0) yield finish(Buffer.alloc(0));
}

function textOf(bytes: Buffer, number: number): string {
  try {
    // A decoder of its own for each line, as a byte order mark may only be at the start of the text.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: number > 1 }).decode(bytes);
  } catch {
    throw new RangeError(`line ${number} is not UTF-8`);
  }
}
