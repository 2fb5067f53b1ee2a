import { randomBytes } from "node:crypto";
import { constants, zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasProgram, propertyRuns, runProgram } from "../../testing/keys-programs.ts";
import { ZstdCompressor } from "./zstd-compressor.ts";
import { ZstdFrame } from "./zstd-frame.ts";

const withChecksum = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
const frameOf = (plain: Uint8Array): Buffer => zstdCompressSync(plain, withChecksum);

function judge(bytes: Uint8Array, pieceBytes: number = bytes.length || 1): string {
  const frame = new ZstdFrame();
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const problem = frame.update(bytes.subarray(at, at + pieceBytes));
    if (problem !== undefined) return problem;
  }
  return frame.isComplete ? "complete" : "not complete";
}

async function compress(plain: Uint8Array, level: number): Promise<Buffer> {
  const compressor = new ZstdCompressor(level);
  const out: Buffer[] = [];
  for (let at = 0; at < plain.length; at += 100_000) {
    out.push(...(await compressor.update(plain.subarray(at, at + 100_000))));
  }
  out.push(...(await compressor.final()));
  compressor.close();
  return Buffer.concat(out);
}

describe("following a frame", () => {
  test("any frame is complete at its last byte and not before, in whatever pieces", () => {
    const plains = fc.oneof(
      fc.uint8Array({ maxLength: 2000 }),
      // Repeated: blocks of one byte. Random: blocks that are not compressed.
      fc.nat(400_000).map((length) => Buffer.alloc(length, "a")),
      fc.nat(400_000).map((length) => randomBytes(length)),
    );
    fc.assert(
      fc.property(plains, fc.integer({ min: 1, max: 5000 }), (plain, pieceBytes) => {
        const bytes = frameOf(plain);
        expect(judge(bytes, pieceBytes)).toBe("complete");
        expect(judge(bytes.subarray(0, -1), pieceBytes)).toBe("not complete");
      }),
      propertyRuns,
    );
  });

  test("a frame that was cut anywhere is not complete", () => {
    const bytes = frameOf(Buffer.from("some rows\n".repeat(30)));
    for (let end = 0; end < bytes.length; end += 1)
      expect(judge(bytes.subarray(0, end))).toBe("not complete");
  });

  test("whatever stands behind a frame is refused: a byte, an empty frame, another frame", () => {
    const bytes = frameOf(Buffer.from("rows"));
    for (const more of [
      Buffer.of(0),
      frameOf(Buffer.alloc(0)),
      bytes,
      Buffer.from("5e2a4d18", "hex"),
    ]) {
      expect(judge(Buffer.concat([bytes, more]))).toBe("something stands behind its end");
    }
  });

  test("no checksum, a dictionary, a reserved bit and another format are refused", () => {
    expect(judge(zstdCompressSync(Buffer.from("rows")))).toBe("it has no checksum");
    expect(judge(Buffer.from("28b52ffd2501", "hex"))).toBe("it needs a dictionary");
    expect(judge(Buffer.from("28b52ffd2c00", "hex"))).toBe("its header has a reserved bit");
    expect(judge(Buffer.from("28b52ffd040007000000", "hex"))).toBe(
      "it has a block of a reserved kind",
    );
    // A skippable frame, and gzip.
    expect(judge(Buffer.from("502a4d1800000000", "hex"))).toBe(
      "it does not begin as a zstd frame does",
    );
    expect(judge(Buffer.from("1f8b080000", "hex"))).toBe("it does not begin as a zstd frame does");
  });

  test.skipIf(!hasProgram("zstd"))("frames of the zstd program at all levels are complete", () => {
    const plain = Buffer.concat([randomBytes(150_000), Buffer.alloc(400_000, "row\t1\n")]);
    for (const args of [
      ["-1"],
      ["-19"],
      ["--fast=7"],
      ["-3", "-T2"],
      ["--ultra", "-22", "--long=24"],
    ]) {
      const { stdout } = runProgram("zstd", [...args, "--check", "-c"], { input: plain });
      expect(judge(stdout, 999)).toBe("complete");
    }
  });
});

describe("what we compress", () => {
  test.each([-7, -1, 1, 3, 19])("is one frame with a checksum, at level %i", async (level) => {
    for (const length of [0, 1, 99_999, 100_000, 100_001, 700_000]) {
      const bytes = await compress(
        Buffer.alloc(length, randomBytes(50_000).toString("hex")),
        level,
      );
      expect(judge(bytes)).toBe("complete");
    }
  });

  test.skipIf(!hasProgram("zstd"))(
    "is what the zstd program tests, and knows the checksum of",
    async () => {
      const bytes = await compress(Buffer.alloc(300_000, "row\t1\n"), 1);
      expect(runProgram("zstd", ["-t"], { input: bytes }).status).toBe(0);
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8(damaged.readUInt8(damaged.length - 1) ^ 1, damaged.length - 1);
      expect(runProgram("zstd", ["-t"], { input: damaged }).stderr).toContain("checksum");
    },
  );
});
