import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { Decrypter, Encrypter } from "age-encryption";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decryptWhole, encryptWhole } from "../../testing/keys-age.ts";
import {
  createTestFolder,
  hasProgram,
  propertyRuns,
  runProgram,
} from "../../testing/keys-programs.ts";
import { createAgeEncryptor } from "./age-encryptor.ts";
import { generateIdentity, parseRecipient, recipientOf } from "./age-keys.ts";
import { encodeBech32 } from "./bech32.ts";

const identity = generateIdentity();
const recovery = generateIdentity();
const recipients = [identity, recovery].map(recipientOf);
// Around every place where a chunk of 64 KiB ends.
const sizes = [0, 1, 65_535, 65_536, 65_537, 131_072, 131_073, 200_000];

async function decryptWithTypage(file: Uint8Array, secret: string): Promise<Buffer> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(secret);
  return Buffer.from(await decrypter.decrypt(file));
}

async function encryptWithTypage(plain: Uint8Array): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return await encrypter.encrypt(plain);
}

describe("with ourselves", () => {
  test("any bytes in any pieces come back in any other pieces", () => {
    const lengths = fc.oneof(fc.nat(300), fc.nat(200_000), fc.constantFrom(...sizes));
    const pieces = fc.oneof(
      fc.integer({ min: 1, max: 9000 }),
      fc.integer({ min: 60_000, max: 140_000 }),
    );
    fc.assert(
      fc.property(lengths, pieces, pieces, (length, written, read) => {
        const plain = randomBytes(length);
        const file = encryptWhole(plain, recipients, written);
        expect(decryptWhole(file, [recovery], read)).toEqual({ plain, error: undefined });
      }),
      propertyRuns,
    );
  });

  test("a buffer may be changed as soon as update returns", () => {
    const encryptor = createAgeEncryptor(recipients.map(parseRecipient));
    const buffer = Buffer.alloc(70_000, "a");
    const file = [...encryptor.update(buffer)];
    buffer.fill("b");
    file.push(...encryptor.update(buffer));
    buffer.fill("c");
    file.push(...encryptor.final());
    const { plain } = decryptWhole(Buffer.concat(file), [identity]);
    expect(plain.toString()).toBe("a".repeat(70_000) + "b".repeat(70_000));
  });

  test("the same bytes are never the same file twice", () => {
    expect(encryptWhole(Buffer.from("a"), recipients)).not.toEqual(
      encryptWhole(Buffer.from("a"), recipients),
    );
  });

  test("without a recipient nothing is encrypted", () => {
    expect(() => createAgeEncryptor([])).toThrow(expect.objectContaining({ code: "NO_RECIPIENT" }));
  });

  test("a recipient of low order, whose secret everybody knows, is refused", () => {
    for (const first of [0, 1]) {
      const bytes = Buffer.alloc(32);
      bytes[0] = first;
      const weak = parseRecipient(encodeBech32("age", bytes));
      expect(() => createAgeEncryptor([weak])).toThrow(
        expect.objectContaining({ code: "INVALID_KEY" }),
      );
    }
  });
});

describe("with age-encryption (typage)", () => {
  test.each(sizes)("it reads what we write, and we what it writes: %i bytes", async (size) => {
    const plain = randomBytes(size);
    const ours = encryptWhole(plain, recipients, 9000);
    expect(plain.equals(await decryptWithTypage(ours, recovery))).toBe(true);
    expect(decryptWhole(await encryptWithTypage(plain), [identity])).toEqual({
      plain,
      error: undefined,
    });
  });

  test("any number of bytes is read in both directions", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(150_000), async (size) => {
        const plain = randomBytes(size);
        expect(await decryptWithTypage(encryptWhole(plain, recipients), identity)).toEqual(plain);
        expect(decryptWhole(await encryptWithTypage(plain), [recovery]).plain).toEqual(plain);
      }),
      propertyRuns,
    );
  });
});

describe.skipIf(!hasProgram("age"))("with the age program", () => {
  test.each(sizes)("it reads what we write, and we what it writes: %i bytes", (size) => {
    using folder = createTestFolder();
    const plain = randomBytes(size);
    writeFileSync(folder.path("key"), identity);
    const read = runProgram("age", ["-d", "-i", folder.path("key")], {
      input: encryptWhole(plain, recipients),
    });
    expect(read).toEqual({ status: 0, stdout: plain, stderr: "" });
    const args = recipients.flatMap((recipient) => ["-r", recipient]);
    const { stdout } = runProgram("age", ["-e", ...args], { input: plain });
    expect(decryptWhole(stdout, [recovery], 5000)).toEqual({ plain, error: undefined });
  });
});
