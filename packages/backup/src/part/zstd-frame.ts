/** Where a reader of zstd's format stands. https://datatracker.ietf.org/doc/html/rfc8878#section-3.1 */
type Expected = "magic" | "descriptor" | "header" | "block-header" | "block" | "checksum" | "end";

const magicNumber = 0xfd2fb528;

/** Bytes of window, dictionary and content size behind a frame header's descriptor. */
function headerBytes(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0;
  const contentSizeFlag = descriptor >>> 6;
  const contentSize = contentSizeFlag === 0 ? (singleSegment ? 1 : 0) : 1 << contentSizeFlag;
  return (singleSegment ? 0 : 1) + contentSize;
}

/**
 * Follows compressed bytes and tells whether they are exactly one zstd frame with a checksum and without a dictionary. Node's
 * decompressor does not: whatever stands behind the first frame, garbage or another frame, it passes over in silence (24.21), where
 * the zstd program decompresses all frames and refuses garbage.
 */
export class ZstdFrame {
  #expected: Expected = "magic";
  /** Bytes of the current field still to come. */
  #missing = 4;
  /** The current field so far, little-endian, where it is a number. */
  #value = 0;
  #shift = 0;
  #isLastBlock = false;

  /** True when the frame has ended, and nothing followed. */
  get isComplete(): boolean {
    return this.#expected === "end";
  }

  /** What is wrong with these bytes; undefined when they may go on so. */
  update(bytes: Uint8Array): string | undefined {
    let at = 0;
    while (at < bytes.length) {
      if (this.#expected === "end") return "something stands behind its end";
      const taken = Math.min(this.#missing, bytes.length - at);
      if (
        this.#expected === "magic" ||
        this.#expected === "block-header" ||
        this.#expected === "descriptor"
      ) {
        this.#read(bytes.subarray(at, at + taken));
      }
      this.#missing -= taken;
      at += taken;
      if (this.#missing === 0) {
        const problem = this.#advance();
        if (problem !== undefined) return problem;
      }
    }
    return undefined;
  }

  #read(field: Uint8Array): void {
    for (const byte of field) {
      this.#value += byte * 2 ** this.#shift;
      this.#shift += 8;
    }
  }

  #expect(expected: Expected, bytes: number): string | undefined {
    this.#expected = expected;
    this.#missing = bytes;
    this.#value = 0;
    this.#shift = 0;
    return undefined;
  }

  #advance(): string | undefined {
    switch (this.#expected) {
      case "magic":
        if (this.#value !== magicNumber) return "it does not begin as a zstd frame does";
        return this.#expect("descriptor", 1);
      case "descriptor":
        return this.#advanceToHeader(this.#value);
      case "block-header":
        return this.#advanceToBlock(this.#value);
      case "block":
        if (this.#isLastBlock) return this.#expect("checksum", 4);
        return this.#expect("block-header", 3);
      case "header":
        return this.#expect("block-header", 3);
      case "checksum":
      case "end":
        return this.#expect("end", 0);
      default:
        return this.#expected satisfies never;
    }
  }

  #advanceToHeader(descriptor: number): string | undefined {
    if ((descriptor & 0x08) !== 0) return "its header has a reserved bit";
    if ((descriptor & 0x03) !== 0) return "it needs a dictionary";
    if ((descriptor & 0x04) === 0) return "it has no checksum";
    return this.#expect("header", headerBytes(descriptor));
  }

  #advanceToBlock(header: number): string | undefined {
    this.#isLastBlock = (header & 1) === 1;
    const kind = (header >>> 1) & 3;
    if (kind === 3) return "it has a block of a reserved kind";
    // A block of kind 1 is one byte, repeated.
    const size = kind === 1 ? 1 : header >>> 3;
    if (size > 0) return this.#expect("block", size);
    return this.#isLastBlock ? this.#expect("checksum", 4) : this.#expect("block-header", 3);
  }
}
