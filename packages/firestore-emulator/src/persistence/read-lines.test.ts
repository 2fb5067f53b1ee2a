import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readLines, type Line } from "./read-lines.ts";

async function linesOf(chunks: readonly (Uint8Array | string)[]): Promise<Line[]> {
  async function* source(): AsyncGenerator<Uint8Array | string> {
    yield* chunks;
  }
  const lines: Line[] = [];
  for await (const line of readLines(source())) lines.push(line);
  return lines;
}

describe("lines", () => {
  it("end at line feeds only, wherever the bytes are divided", async () => {
    const text = fc.string({
      unit: fc.constantFrom("a", "ü", "😀", "\u2028", "\r", "\n", "\uFEFF"),
    });
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(30)), async (whole, cuts) => {
        const bytes = Buffer.from(`x${whole}`);
        const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length];
        const sorted = places.toSorted((left, right) => left - right);
        const chunks = sorted.map((place, index) => bytes.subarray(sorted[index - 1] ?? 0, place));
        const expected = `x${whole}`.split("\n");
        if (expected.at(-1) === "") expected.pop();
        expect(await linesOf(chunks)).toEqual(
          expected.map((line, index) => ({ text: line, number: index + 1 })),
        );
      }),
    );
  });

  it("begin behind a byte order mark, and are told when they are not UTF-8", async () => {
    expect(await linesOf(["\uFEFFa\nb"])).toEqual([
      { text: "a", number: 1 },
      { text: "b", number: 2 },
    ]);
    await expect(linesOf(["a\n", Uint8Array.of(0xff)])).rejects.toThrow("line 2 is not UTF-8");
  });
});
