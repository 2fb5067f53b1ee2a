import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createTestFolder, hasProgram, runProgram } from "../../testing/keys-programs.ts";
import { decryptSigningKey } from "./decrypt-signing-key.ts";
import { signMessage } from "./sign-message.ts";
import { generateSigningKey, parseSigningKey, publicKeyOf } from "./signing-key.ts";
import { parseTrustedKey } from "./trusted-key.ts";
import { verifySignature } from "./verify-signature.ts";

// Written by minisign 0.11 with the password "pässword"; under `ulimit -v 60000`, so that scrypt takes little memory.
const encrypted = `untrusted comment: minisign encrypted secret key
RWRTY0IyXeLtzguFFLqKL/mt7Fyay6xsnHF1375I7YgCHovAvN8AABAAAAAAAAAAAAIAAAAAzNsEh5Y/M++kKXf2+r7kW7TaOwKrzGHxyC/mDFXYAWLlRvYe41tTkcmV3JX/yWY9ryjnLOl/DqwV2mApMctPGGYXwpYjf0lWXtYA3tTHr2Oz4fg5nbfOTh7l/ohkNDcCGkaSA47Av0c=
`;
const publicKey = "RWS6zpu/a6wafMbnbmrT42K7T176SWDc7rkQr8AGsK1OkOqQ8AyPztbG";

const message = Buffer.from("message");
const invalidKey: unknown = expect.objectContaining({ code: "INVALID_KEY" });

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return `${error.message} ${String(Reflect.get(error, "hint"))}`;
  }
  return "nothing was thrown";
}

describe("secret keys", () => {
  test("a new key signs what its public key verifies, and no two are alike", () => {
    const one = generateSigningKey();
    const other = generateSigningKey();
    expect(one.publicKey).not.toBe(other.publicKey);
    expect(publicKeyOf(one.secretKey)).toBe(one.publicKey);
    expect(parseTrustedKey(one.publicKeyFile).text).toBe(one.publicKey);
    expect(one.publicKeyFile).toContain(parseTrustedKey(one.publicKey).keyId);
    const signature = signMessage({ message, secretKey: one.secretKey, trustedComment: "" });
    expect(() => verifySignature({ message, signature, publicKeys: [other.publicKey] })).toThrow(
      expect.objectContaining({ code: "BAD_SIGNATURE" }),
    );
  });

  test("a key may be given as its second line alone", () => {
    const { secretKey, publicKey: expected } = generateSigningKey();
    expect(publicKeyOf(secretKey.split("\n")[1] ?? "")).toBe(expected);
  });

  test("a key with any bit of its seed or public half changed is refused", () => {
    const bytes = Buffer.from(generateSigningKey().secretKey.split("\n")[1] ?? "", "base64");
    for (let at = 62; at < 126; at += 1) {
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 4, at);
      expect(() => parseSigningKey(damaged.toString("base64"))).toThrow(invalidKey);
    }
  });

  test("what is no secret key is refused, and not shown", () => {
    const { secretKey, publicKey: notSecret } = generateSigningKey();
    const line = secretKey.split("\n")[1] ?? "";
    expect(() => parseSigningKey("")).toThrow(invalidKey);
    for (const text of [notSecret, line.slice(0, -4), `${line}AAAA`, `${secretKey}${line}`]) {
      expect(() => parseSigningKey(text)).toThrow(invalidKey);
      expect(messageOf(() => parseSigningKey(text))).not.toContain(text);
    }
  });

  test("a secret key in the place of a public one is named as such, and not shown", () => {
    const { secretKey } = generateSigningKey();
    for (const text of [secretKey, secretKey.split("\n")[1] ?? "", encrypted]) {
      const said = messageOf(() => parseTrustedKey(text));
      expect(said).toContain("A secret key stands where a public key");
      expect(said).not.toContain(text.trim().slice(-20));
    }
  });
});

describe("encrypted secret keys", () => {
  test("the password of minisign opens its key", async () => {
    expect(publicKeyOf(await decryptSigningKey(encrypted, "pässword"))).toBe(publicKey);
  });

  test("another password is refused, and so is each changed byte of the encrypted part", async () => {
    await expect(decryptSigningKey(encrypted, "password")).rejects.toThrow(invalidKey);
    const bytes = Buffer.from(encrypted.split("\n")[1] ?? "", "base64");
    for (const at of [6, 37, 54, 61, 62, 93, 94, 125, 126, 157]) {
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
      await expect(decryptSigningKey(damaged.toString("base64"), "pässword")).rejects.toThrow(
        invalidKey,
      );
    }
  });

  test("limits of scrypt that would take all memory are refused", async () => {
    const bytes = Buffer.from(encrypted.split("\n")[1] ?? "", "base64");
    bytes.writeBigUInt64LE(2n ** 40n, 46);
    await expect(decryptSigningKey(bytes.toString("base64"), "pässword")).rejects.toThrow(
      /more memory/u,
    );
  });

  test("an encrypted key cannot sign before it is opened, and a clear one stays as it is", async () => {
    expect(() => parseSigningKey(encrypted)).toThrow(/encrypted with a password/u);
    const { secretKey } = generateSigningKey();
    expect(await decryptSigningKey(secretKey, "any")).toBe(secretKey);
  });

  test.skipIf(process.env["SLOW"] !== "1" || !hasProgram("minisign"))(
    "a key that minisign encrypts at its full cost opens (SLOW=1: takes 1 GiB of memory)",
    async () => {
      using folder = createTestFolder();
      const [secret, shared] = [folder.path("k"), folder.path("k.pub")];
      runProgram("minisign", ["-G", "-s", secret, "-p", shared], { input: "pw\npw\n" });
      const opened = await decryptSigningKey(readFileSync(secret, "utf8"), "pw");
      expect(publicKeyOf(opened)).toBe(parseTrustedKey(readFileSync(shared, "utf8")).text);
    },
  );
});

describe.skipIf(!hasProgram("minisign"))("with the minisign program", () => {
  test("minisign finds in our secret key the public key that we say", () => {
    using folder = createTestFolder();
    // minisign writes numbers of keys without leading zeros: this one begins with some.
    const bytes = Buffer.from(generateSigningKey().secretKey.split("\n")[1] ?? "", "base64");
    bytes.writeBigUInt64LE(0x00000a0b0c0d0e0fn, 54);
    const secretKey = `untrusted comment: any\n${bytes.toString("base64")}\n`;
    const { text, keyId } = parseTrustedKey(publicKeyOf(secretKey));
    writeFileSync(folder.path("k"), secretKey);
    chmodSync(folder.path("k"), 0o600);
    const { status } = runProgram("minisign", [
      "-R",
      "-W",
      "-s",
      folder.path("k"),
      "-p",
      folder.path("p"),
    ]);
    expect(status).toBe(0);
    expect(readFileSync(folder.path("p"), "utf8")).toBe(
      `untrusted comment: minisign public key ${keyId}\n${text}\n`,
    );
  });

  test("we read the keys that minisign makes without a password", () => {
    using folder = createTestFolder();
    runProgram("minisign", ["-G", "-W", "-s", folder.path("k"), "-p", folder.path("p")]);
    const expected = parseTrustedKey(readFileSync(folder.path("p"), "utf8")).text;
    expect(publicKeyOf(readFileSync(folder.path("k"), "utf8"))).toBe(expected);
  });
});
