import { readFileSync, writeFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createTestFolder,
  hasProgram,
  propertyRuns,
  runProgram,
} from "../../testing/keys-programs.ts";
import { signMessage } from "./sign-message.ts";
import { generateSigningKey } from "./signing-key.ts";
import { parseTrustedKey } from "./trusted-key.ts";
import { verifySignature } from "./verify-signature.ts";

const { secretKey, publicKey, publicKeyFile } = generateSigningKey();
const message = Buffer.from("the commit record\n");
const trustedComment = "ctb-data backup 2026-11-24 · ä";
const signature = signMessage({ message, secretKey, trustedComment });
const badSignature: unknown = expect.objectContaining({ code: "BAD_SIGNATURE" });

describe("our own signatures", () => {
  test("a signature tells its key and its trusted comment, among several keys", () => {
    const other = generateSigningKey().publicKey;
    const verified = verifySignature({ message, signature, publicKeys: [other, publicKeyFile] });
    expect(verified).toEqual({
      publicKey,
      keyId: parseTrustedKey(publicKey).keyId,
      trustedComment,
    });
  });

  test("any message with any one-line comment is verified, and no other message is", () => {
    const comments = fc
      .string({ unit: "grapheme", maxLength: 60 })
      .filter((text) => !/\p{Cc}/u.test(text));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), comments, (bytes, comment) => {
        const signed = signMessage({ message: bytes, secretKey, trustedComment: comment });
        const ours = { signature: signed, publicKeys: [publicKey] };
        expect(verifySignature({ ...ours, message: bytes }).trustedComment).toBe(comment);
        const longer = Buffer.concat([bytes, Buffer.of(0)]);
        expect(() => verifySignature({ ...ours, message: longer })).toThrow(badSignature);
      }),
      propertyRuns,
    );
  });

  test("a signature with any bit changed is refused, except in the untrusted comment's text", () => {
    const bytes = Buffer.from(signature);
    const commentEnd = signature.indexOf("\n");
    for (let at = 0; at < bytes.length; at += 1) {
      if (at >= "untrusted comment: ".length && at < commentEnd) continue;
      for (let bit = 0; bit < 8; bit += 1) {
        const damaged = Buffer.from(bytes);
        damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << bit), at);
        const text = damaged.toString("utf8");
        expect(() =>
          verifySignature({ message, signature: text, publicKeys: [publicKey] }),
        ).toThrow(badSignature);
      }
    }
  });

  test("a signature that was cut anywhere is refused, but for its last newline", () => {
    for (let end = 0; end < signature.length - 1; end += 1) {
      const cut = signature.slice(0, end);
      expect(() => verifySignature({ message, signature: cut, publicKeys: [publicKey] })).toThrow(
        badSignature,
      );
    }
  });

  test("a message with any bit changed is refused", () => {
    for (let at = 0; at < message.length * 8; at += 1) {
      const damaged = Buffer.from(message);
      damaged.writeUInt8(damaged.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3);
      expect(() =>
        verifySignature({ message: damaged, signature, publicKeys: [publicKey] }),
      ).toThrow(badSignature);
    }
  });

  test("something behind a signature is refused", () => {
    for (const more of ["x", "\n", "\nx", "untrusted comment: x\n"]) {
      const text = `${signature}${more}`;
      expect(() => verifySignature({ message, signature: text, publicKeys: [publicKey] })).toThrow(
        badSignature,
      );
    }
  });

  test("a signature of a key that is not trusted names that key, and with no key none counts", () => {
    const { keyId } = parseTrustedKey(publicKey);
    expect(() => verifySignature({ message, signature, publicKeys: [] })).toThrow(
      `it is of the key ${keyId}, which is not trusted`,
    );
  });

  test("a key of the same number but another pair does not verify, and does not hide the right one", () => {
    const bytes = Buffer.from(generateSigningKey().publicKey, "base64");
    parseTrustedKey(publicKey).keyNumber.copy(bytes, 2);
    const twin = bytes.toString("base64");
    expect(() => verifySignature({ message, signature, publicKeys: [twin] })).toThrow(badSignature);
    expect(verifySignature({ message, signature, publicKeys: [twin, publicKey] }).publicKey).toBe(
      publicKey,
    );
  });

  test("a comment that would forge a line is refused", () => {
    for (const comment of ["a\nb", "a\rb", "a\0b", "\u001b[31m", "x".repeat(8001)]) {
      expect(() => signMessage({ message, secretKey, trustedComment: comment })).toThrow(
        expect.objectContaining({ code: "INVALID_OPTIONS" }),
      );
    }
  });
});

function verifyWithMinisign(
  body: Uint8Array,
  text: string,
): { status: number | null; comment: string } {
  using folder = createTestFolder();
  writeFileSync(folder.path("m"), body);
  writeFileSync(folder.path("m.minisig"), text);
  const { status, stdout } = runProgram("minisign", [
    "-V",
    "-Q",
    "-m",
    folder.path("m"),
    "-P",
    publicKey,
  ]);
  return { status, comment: stdout.toString().trimEnd() };
}

describe.skipIf(!hasProgram("minisign"))("with the minisign program", () => {
  test("minisign verifies our signature and prints its trusted comment", () => {
    expect(verifyWithMinisign(message, signature)).toEqual({ status: 0, comment: trustedComment });
    const changed = Buffer.concat([message, Buffer.of(10)]);
    expect(verifyWithMinisign(changed, signature)).toEqual({ status: 1, comment: "" });
  });

  test("minisign takes the longest comment that we let through", () => {
    const long = "x".repeat(8000);
    const text = signMessage({ message, secretKey, trustedComment: long });
    expect(verifyWithMinisign(message, text)).toEqual({ status: 0, comment: long });
  });

  test("we verify what minisign signs, prehashed and in the old form, and refuse it changed", () => {
    using folder = createTestFolder();
    writeFileSync(folder.path("k"), secretKey);
    writeFileSync(folder.path("m"), message);
    for (const form of [[], ["-l"]]) {
      const args = [
        "-S",
        "-W",
        ...form,
        "-s",
        folder.path("k"),
        "-t",
        "old and new",
        "-m",
        folder.path("m"),
      ];
      expect(runProgram("minisign", args)).toMatchObject({ status: 0 });
      const text = readFileSync(folder.path("m.minisig"), "utf8");
      expect(Buffer.from(text.split("\n")[1] ?? "", "base64").toString("latin1", 0, 2)).toBe(
        form.length === 0 ? "ED" : "Ed",
      );
      const given = { signature: text, publicKeys: [publicKey] };
      expect(verifySignature({ ...given, message }).trustedComment).toBe("old and new");
      expect(() => verifySignature({ ...given, message: Buffer.from("x") })).toThrow(badSignature);
    }
  });
});
