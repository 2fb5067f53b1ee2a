import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";
import * as vectors from "cctv-age";
import { describe, expect, test } from "vitest";
import { decryptWhole } from "../../testing/keys-age.ts";
import { BackupError } from "../backup-error.ts";

// The test vectors of the age format, https://github.com/C2SP/CCTV/tree/main/age, by the author of age.

interface Vector {
  readonly name: string;
  readonly expect: string;
  readonly payloadSha256: string | undefined;
  readonly identities: readonly string[];
  readonly isArmored: boolean;
  readonly file: Buffer;
}

function parseVector(name: string, bytes: Uint8Array): Vector {
  const whole = Buffer.from(bytes);
  const end = whole.indexOf("\n\n");
  const lines = whole
    .toString("latin1", 0, end)
    .split("\n")
    .map((line) => line.split(": "));
  const valuesOf = (key: string): string[] =>
    lines.filter(([k]) => k === key).map(([, value = ""]) => value);
  const file = whole.subarray(end + 2);
  return {
    name,
    expect: valuesOf("expect")[0] ?? "",
    payloadSha256: valuesOf("payload")[0],
    identities: valuesOf("identity"),
    isArmored: valuesOf("armored").length > 0,
    file: valuesOf("compressed").length > 0 ? inflateSync(file) : file,
  };
}

/** Why a vector is of something that a backup never has; undefined when it applies. */
function reasonToSkip({ isArmored, identities }: Vector): string | undefined {
  if (isArmored) return "ASCII armor";
  if (identities.some((text) => text.startsWith("AGE-SECRET-KEY-PQ-"))) return "post-quantum keys";
  return identities.length === 0 ? "passphrases" : undefined;
}

const all = Object.entries(vectors)
  .filter(([, bytes]) => bytes instanceof Uint8Array)
  .map(([name, bytes]) => parseVector(name, bytes));
const applying = all.filter((vector) => reasonToSkip(vector) === undefined);

const expected: Readonly<Record<string, RegExp>> = {
  "no match": /^WRONG_KEY /u,
  "header failure": /^CORRUPT .*(?:header|begin)/u,
  "HMAC failure": /^CORRUPT .*header was changed/u,
  "payload failure": /^CORRUPT .*(?:bytes|within its header)/u,
};

function outcomeOf(error: unknown): string {
  return error instanceof BackupError ? `${error.code} ${error.message}` : String(error);
}

const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const nothing = sha256Of(Buffer.alloc(0));

/**
 * Files that go wrong just behind a chunk of full size. The reference tries that chunk as one in the middle and as the last one, and
 * gives it out before it fails; we hold it back. What we give out instead: the chunks before it.
 */
const heldBack: Readonly<Record<string, string>> = {
  stream_no_final_full: nothing,
  stream_no_final_two_chunks_full:
    "a68cb6fa0b2e2a8d1abd54fcb26ff31fe16166ed38688bffa681e617813b781a",
  stream_trailing_garbage_long: nothing,
  stream_trailing_garbage_short: nothing,
  stream_two_final_chunks: nothing,
  stream_two_final_chunks_full: nothing,
  stream_two_final_chunks_second:
    "a68cb6fa0b2e2a8d1abd54fcb26ff31fe16166ed38688bffa681e617813b781a",
};

describe("the vectors of the age format", () => {
  test("those that do not apply are of armor, passphrases and post-quantum keys, and no others", () => {
    const counts = new Map<string, number>();
    for (const reason of all.map(reasonToSkip)) {
      if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
    // A newer cctv-age may have more of each: then look at what they are.
    expect(Object.fromEntries(counts)).toEqual({
      "ASCII armor": 33,
      passphrases: 25,
      "post-quantum keys": 18,
    });
    expect(applying.length).toBe(67);
  });

  for (const vector of applying) {
    const { name, identities, file, payloadSha256 } = vector;
    for (const pieceBytes of file.length < 1000 ? [1, 1000] : [1000, 70_000]) {
      test(`${name} in pieces of ${pieceBytes} bytes ends in: ${vector.expect}`, () => {
        const { plain, error } = decryptWhole(file, identities, pieceBytes);
        expect(outcomeOf(error)).toMatch(expected[vector.expect] ?? /^undefined$/u);
        expect(sha256Of(plain)).toBe(heldBack[name] ?? payloadSha256 ?? nothing);
      });
    }
  }
});
