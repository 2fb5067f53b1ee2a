import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { decryptWhole, encryptWhole } from "../../testing/keys-age.ts";
import { createAgeDecryptor } from "./age-decryptor.ts";
import { formatHeader } from "./age-header.ts";
import { generateIdentity, parseIdentity, parseRecipient, recipientOf } from "./age-keys.ts";
import { StreamSealer } from "./age-stream.ts";
import { wrapFileKey } from "./x25519-stanza.ts";

const identity = generateIdentity();
const recipient = recipientOf(identity);
const corrupt: unknown = expect.objectContaining({ code: "CORRUPT" });
const wrongKey: unknown = expect.objectContaining({ code: "WRONG_KEY" });
const refused: unknown = expect.objectContaining({
  code: expect.stringMatching(/^(?:CORRUPT|WRONG_KEY)$/u),
});

/** A file with whatever stanzas, of which those of X25519 fit. */
function fileWith(types: readonly string[], plain: Uint8Array): Buffer {
  const [fileKey, nonce] = [randomBytes(16), randomBytes(16)];
  const ours = wrapFileKey(fileKey, parseRecipient(recipient));
  if (ours === undefined) throw new Error("The recipient is of low order.");
  const stanzas = types.map((type) =>
    type === "X25519" ? ours : { args: [type, "an", "argument"], body: randomBytes(96) },
  );
  const pieces: Uint8Array[] = [formatHeader(stanzas, fileKey), nonce];
  const sealer = new StreamSealer(fileKey, nonce);
  sealer.update(plain, pieces);
  sealer.final(pieces);
  return Buffer.concat(pieces);
}

describe("damage", () => {
  const plain = Buffer.from("client 42");
  const file = encryptWhole(plain, [recipient]);
  const payloadStart = file.indexOf("\n---") + 49;

  test("a file with any bit changed gives nothing out and is refused", () => {
    for (let at = 0; at < file.length * 8; at += 1) {
      const damaged = Buffer.from(file);
      damaged.writeUInt8(damaged.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3);
      const { error, plain: given } = decryptWhole(damaged, [identity]);
      // Where the key is wrapped, damage cannot be told from a key for somebody else.
      expect(error).toEqual(at >> 3 < payloadStart ? refused : corrupt);
      expect(given.length).toBe(0);
    }
  });

  test("a file that was cut anywhere gives nothing out and is refused", () => {
    for (let end = 0; end < file.length; end += 1) {
      const { error, plain: given } = decryptWhole(file.subarray(0, end), [identity]);
      expect(error).toEqual(corrupt);
      expect(given.length).toBe(0);
    }
  });

  test("any byte behind a file is refused", () => {
    for (const more of [Buffer.of(0), Buffer.alloc(16), Buffer.alloc(65_552), file]) {
      expect(decryptWhole(Buffer.concat([file, more]), [identity]).error).toEqual(corrupt);
    }
  });

  test("a file cut where a chunk ends is refused, although every chunk of it is genuine", () => {
    const long = encryptWhole(randomBytes(3 * 65_536), [recipient]);
    for (const chunks of [1, 2]) {
      const cut = long.subarray(0, payloadStart + 16 + chunks * 65_552);
      expect(decryptWhole(cut, [identity]).error).toEqual(corrupt);
    }
  });

  test("chunks that were swapped, doubled or left out are refused", () => {
    const long = encryptWhole(randomBytes(3 * 65_536), [recipient]);
    const start = payloadStart + 16;
    const head = long.subarray(0, start);
    const chunk = (at: number): Buffer =>
      long.subarray(start + at * 65_552, start + (at + 1) * 65_552);
    expect(
      decryptWhole(Buffer.concat([head, chunk(0), chunk(1), chunk(2)]), [identity]).error,
    ).toBeUndefined();
    for (const order of [[1, 0, 2], [0, 0, 1, 2], [0, 2], [1, 2], [2], [0, 1, 2, 2]]) {
      expect(decryptWhole(Buffer.concat([head, ...order.map(chunk)]), [identity]).error).toEqual(
        corrupt,
      );
    }
  });

  test("the payload of another file to the same recipient is refused", () => {
    const other = encryptWhole(plain, [recipient]);
    const mixed = Buffer.concat([file.subarray(0, payloadStart), other.subarray(payloadStart)]);
    expect(decryptWhole(mixed, [identity]).error).toEqual(corrupt);
  });
});

describe("keys", () => {
  test("another identity, and none, are the wrong key", () => {
    const file = encryptWhole(Buffer.from("a"), [recipient]);
    expect(decryptWhole(file, [generateIdentity()]).error).toEqual(wrongKey);
    expect(decryptWhole(file, []).error).toEqual(wrongKey);
  });

  test("each of many recipients opens the file, with an identity among many", () => {
    const owners = Array.from({ length: 20 }, generateIdentity);
    const file = encryptWhole(Buffer.from("a"), owners.map(recipientOf));
    for (const owner of owners) {
      const identities = [generateIdentity(), owner, generateIdentity()];
      expect(decryptWhole(file, identities).plain.toString()).toBe("a");
    }
  });

  test("stanzas of unknown types are passed over", () => {
    const file = fileWith(
      ["ssh-ed25519", "X25519", "1(z4-grease", "X25519", "later"],
      Buffer.from("a"),
    );
    expect(decryptWhole(file, [identity])).toEqual({ plain: Buffer.from("a"), error: undefined });
  });

  test("a file of unknown types only is the wrong key", () => {
    expect(decryptWhole(fileWith(["ssh-ed25519"], Buffer.from("a")), [identity]).error).toEqual(
      wrongKey,
    );
  });
});

describe("hostile headers", () => {
  const start = "age-encryption.org/v1\n";

  test("a header that does not end is refused before it fills the memory", () => {
    const decryptor = createAgeDecryptor([parseIdentity(identity)]);
    const line = `${"A".repeat(64)}\n`.repeat(100);
    decryptor.update(Buffer.from(`${start}-> X25519 a\n`));
    let taken = 0;
    expect(() => {
      for (; taken < 1000; taken += 1) decryptor.update(Buffer.from(line));
    }).toThrow(corrupt);
    expect(taken * line.length).toBeLessThanOrEqual(64 * 1024);
  });

  test("a header for nobody is damage, not a wrong key", () => {
    expect(decryptWhole(fileWith([], Buffer.from("a")), [identity]).error).toEqual(corrupt);
  });

  test("a header longer than 64 KiB is refused, although it ends", () => {
    const many = Array.from({ length: 600 }, () => "unknown");
    expect(decryptWhole(fileWith(["X25519", ...many], Buffer.from("a")), [identity]).error).toEqual(
      corrupt,
    );
    const some = many.slice(0, 300);
    expect(
      decryptWhole(fileWith(["X25519", ...some], Buffer.from("a")), [identity]).error,
    ).toBeUndefined();
  });

  test("what does not begin as age does is refused with its first bytes", () => {
    for (const text of ["(", "age-encryption.org/v2\n", "-----BEGIN AGE ENCRYPTED FILE-----"]) {
      const decryptor = createAgeDecryptor([parseIdentity(identity)]);
      expect(() => decryptor.update(Buffer.from(text))).toThrow(corrupt);
    }
  });

  test("a passphrase beside other keys is refused, as the specification says", () => {
    expect(
      decryptWhole(fileWith(["X25519", "scrypt"], Buffer.from("a")), [identity]).error,
    ).toEqual(corrupt);
  });

  test("no secret is in what is thrown", () => {
    const { error } = decryptWhole(encryptWhole(Buffer.from("a"), [recipient]), [
      generateIdentity(),
    ]);
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toMatch(/AGE-SECRET-KEY-1[A-Z\d]/u);
  });
});
