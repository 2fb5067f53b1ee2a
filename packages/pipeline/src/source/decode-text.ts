import { PipelineError } from "../pipeline-error.ts";

/** No byte of UTF-8: what half a surrogate pair becomes, so that its record is found to be wrong. */
const noCharacter = Buffer.from([0xff]);

const marks = [
  // UTF-32 begins like UTF-16.
  { encoding: "utf-32", bytes: Buffer.from([0xff, 0xfe, 0, 0]) },
  { encoding: "utf-32", bytes: Buffer.from([0, 0, 0xfe, 0xff]) },
  { encoding: "utf-8", bytes: Buffer.from([0xef, 0xbb, 0xbf]) },
  { encoding: "utf-16le", bytes: Buffer.from([0xff, 0xfe]) },
  { encoding: "utf-16be", bytes: Buffer.from([0xfe, 0xff]) },
] as const;

/**
 * Text as UTF-8, without a byte-order mark. UTF-16 is what Excel's "Unicode text" is: its mark says so without a doubt, and it is decoded.
 * What has no mark is UTF-8, whether it is any or not: that is found record by record.
 *
 * @throws {PipelineError} FILE_FAILED for UTF-32, and for what is no text at all.
 */
export async function* decodeText(
  file: string,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void> {
  let head = Buffer.alloc(0);
  let decoder: Utf16Decoder | undefined;
  let isBegun = false;
  for await (const chunk of chunks) {
    if (isBegun) {
      yield decoder?.decode(chunk) ?? chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < 4) continue;
    isBegun = true;
    const { encoding, rest } = encodingOf(file, head);
    if (encoding !== "utf-8") decoder = new Utf16Decoder(encoding);
    yield decoder?.decode(rest) ?? rest;
  }
  if (!isBegun) {
    const { encoding, rest } = encodingOf(file, head);
    if (encoding !== "utf-8") decoder = new Utf16Decoder(encoding);
    yield decoder?.decode(rest) ?? rest;
  }
  if (decoder !== undefined) yield decoder.end();
}

function encodingOf(
  file: string,
  head: Buffer,
): { readonly encoding: "utf-8" | "utf-16le" | "utf-16be"; readonly rest: Buffer } {
  for (const { encoding, bytes } of marks) {
    if (!head.subarray(0, bytes.length).equals(bytes)) continue;
    if (encoding !== "utf-32") return { encoding, rest: head.subarray(bytes.length) };
    throw new PipelineError("FILE_FAILED", `${file} is UTF-32.`, {
      file,
      hint: "Save it as UTF-8.",
    });
  }
  return { encoding: "utf-8", rest: head };
}

/** UTF-16 in, UTF-8 out. */
class Utf16Decoder {
  readonly #isBigEndian: boolean;
  /** A byte of which the other half has not come. */
  #odd: Buffer = Buffer.alloc(0);
  /** The first half of a surrogate pair. */
  #half = "";

  constructor(encoding: "utf-16le" | "utf-16be") {
    this.#isBigEndian = encoding === "utf-16be";
  }

  decode(chunk: Buffer): Buffer {
    const bytes = Buffer.concat([this.#odd, chunk]);
    const length = bytes.length - (bytes.length % 2);
    this.#odd = Buffer.from(bytes.subarray(length));
    const units = bytes.subarray(0, length);
    const text = this.#half + (this.#isBigEndian ? units.swap16() : units).toString("utf16le");
    this.#half = /[\uD800-\uDBFF]$/.exec(text)?.[0] ?? "";
    return bytesOf(this.#half === "" ? text : text.slice(0, -1));
  }

  end(): Buffer {
    return this.#odd.length > 0 || this.#half !== "" ? noCharacter : Buffer.alloc(0);
  }
}

function bytesOf(text: string): Buffer {
  // Only halves without the other half match.
  const parts = text.split(/\p{Surrogate}/u).map((part) => Buffer.from(part));
  return Buffer.concat(
    parts.flatMap((part, index) => (index === 0 ? [part] : [noCharacter, part])),
  );
}
