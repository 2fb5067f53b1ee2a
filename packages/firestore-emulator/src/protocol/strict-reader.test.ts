import * as fc from "fast-check";
import { expect, test } from "vitest";
import { StrictReader } from "./strict-reader.ts";

function delimited(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

const text = fc.string({ unit: "binary", maxLength: 20 });

test("a text is read as it was written, also when it has a replacement character or a mark at its beginning", () => {
  fc.assert(
    fc.property(fc.oneof(text, fc.constantFrom("\uFFFD", "\uFEFFa", "")), (written) => {
      const reader = new StrictReader(delimited(Buffer.from(written)));
      expect(reader.string()).toBe(written);
      expect(reader.pos).toBe(reader.len);
    }),
  );
});

test("what is no UTF-8 is refused, and all that is UTF-8 is not", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 6 }), (bytes) => {
      const isUtf8 = Buffer.compare(Buffer.from(Buffer.from(bytes).toString()), bytes) === 0;
      const read = () => new StrictReader(delimited(bytes)).string();
      if (isUtf8) return Buffer.compare(Buffer.from(read()), bytes) === 0;
      expect(read).toThrow("String is not valid UTF-8.");
      return true;
    }),
    { numRuns: 2000 },
  );
});

test("a text that is cut off is refused", () => {
  expect(() => new StrictReader(Buffer.from([3, 97, 98])).string()).toThrow("out of range");
});
