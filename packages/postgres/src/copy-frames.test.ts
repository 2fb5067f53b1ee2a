import * as fc from "fast-check";
import { expect, test } from "vitest";
import { CopyFrames } from "./copy-frames.ts";

const runs = { numRuns: process.env["SLOW"] === undefined ? 10 : 100 };

function message(code: string, body: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.write(code);
  header.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

/** Reads everything, with a buffer of this size that is emptied when it is full. */
function readAll(
  chunks: readonly Buffer[],
  size: number,
): { readonly data: Buffer; readonly rows: number; readonly stops: readonly string[] } {
  const frames = new CopyFrames();
  const target = { buffer: Buffer.alloc(size), used: 0 };
  const data: Buffer[] = [];
  const stops: string[] = [];
  const empty = (): void => {
    data.push(Buffer.from(target.buffer.subarray(0, target.used)));
    target.used = 0;
  };
  for (const chunk of chunks) {
    frames.at = 0;
    while (frames.at < chunk.length) {
      const stop = frames.read(chunk, target);
      if (stop === "full") empty();
      if (stop !== "message") continue;
      stops.push(`${String.fromCharCode(frames.code)} ${frames.size}`);
      // Only messages without a body are used here.
    }
  }
  empty();
  return { data: Buffer.concat(data), rows: frames.rows, stops };
}

test("rows come whole and in order, wherever the network cuts and however small the buffer is", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
      fc.integer({ min: 1, max: 60 }),
      (rows, cuts, size) => {
        const bodies = rows.map((row) => Buffer.from(row));
        const wire = Buffer.concat(bodies.map((body) => message("d", body)));
        const chunks: Buffer[] = [];
        for (let at = 0, cut = 0; at < wire.length; cut++) {
          const length = cuts[cut % cuts.length] ?? 1;
          chunks.push(wire.subarray(at, at + length));
          at += length;
        }
        const read = readAll(chunks, size);
        expect(read.data.equals(Buffer.concat(bodies))).toBe(true);
        expect(read.rows).toBe(rows.length);
      },
    ),
    { ...runs, numRuns: runs.numRuns * 20 },
  );
});

test("a message that is no data stops the reading behind its header, in one piece or in two", () => {
  const wire = Buffer.concat([
    message("d", Buffer.from("one\n")),
    message("c", Buffer.alloc(0)),
    message("d", Buffer.from("two\n")),
  ]);
  for (let cut = 1; cut < wire.length; cut++) {
    const read = readAll([wire.subarray(0, cut), wire.subarray(cut)], 64);
    expect(read.data.toString()).toBe("one\ntwo\n");
    expect(read.stops).toEqual(["c 0"]);
    expect(read.rows).toBe(2);
  }
});
