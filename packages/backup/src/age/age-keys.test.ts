import { writeFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createTestFolder,
  hasProgram,
  propertyRuns,
  runProgram,
} from "../../testing/keys-programs.ts";
import { BackupError } from "../backup-error.ts";
import {
  generateIdentity,
  parseIdentities,
  parseIdentity,
  parseRecipient,
  recipientOf,
} from "./age-keys.ts";
import { decodeBech32, encodeBech32 } from "./bech32.ts";

// From age-keygen 1.1.1.
const identity = "AGE-SECRET-KEY-1SCG8W24E6E7V34U47W2Z0T57F8FNHY4JTH25KE0QSZW0CP5CJ7CSUU7AC4";
const recipient = "age16f9l8ydcjyfxm53t9ggkck7uszpetk47sglq2uqfav848v4g3fhsea8tcw";

function refusalOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof BackupError) return `${error.code}: ${error.message} ${error.hint ?? ""}`;
    throw error;
  }
  return "accepted";
}

describe("keys", () => {
  test("an identity of age-keygen has the recipient that age-keygen says", () => {
    expect(recipientOf(identity)).toBe(recipient);
    expect(parseRecipient(` ${recipient}\n`).text).toBe(recipient);
  });

  test("no two new identities are alike, and each has a recipient", () => {
    const [one, other] = [generateIdentity(), generateIdentity()];
    expect(one).not.toBe(other);
    expect(parseRecipient(recipientOf(one)).bytes).toEqual(parseIdentity(one).recipient.bytes);
  });

  test.skipIf(!hasProgram("age-keygen"))("age-keygen finds our recipient in our identity", () => {
    using folder = createTestFolder();
    const ours = generateIdentity();
    writeFileSync(folder.path("key"), `# a comment\n${ours}\n`);
    const { stdout } = runProgram("age-keygen", ["-y", folder.path("key")]);
    expect(stdout.toString().trim()).toBe(recipientOf(ours));
  });

  test("a key with any letter changed is refused", () => {
    for (let at = 0; at < recipient.length; at += 1) {
      const letter = recipient[at] === "q" ? "p" : "q";
      const changed = `${recipient.slice(0, at)}${letter}${recipient.slice(at + 1)}`;
      expect(refusalOf(() => parseRecipient(changed))).toContain("INVALID_KEY");
    }
    for (let at = 0; at < identity.length; at += 1) {
      const letter = identity[at] === "Q" ? "P" : "Q";
      const changed = `${identity.slice(0, at)}${letter}${identity.slice(at + 1)}`;
      expect(refusalOf(() => parseIdentity(changed))).toContain("INVALID_KEY");
    }
  });

  test("keys in the wrong case, of ssh, of plugins, post-quantum ones and parts of keys are refused", () => {
    for (const text of [
      "",
      recipient.toUpperCase(),
      recipient.slice(0, -1),
      `${recipient} ${recipient}`,
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN",
      encodeBech32("age1yubikey", Buffer.alloc(33)),
      encodeBech32("age1pq", Buffer.alloc(1216)),
      encodeBech32("age", Buffer.alloc(31)),
      encodeBech32("age", Buffer.alloc(33)),
    ]) {
      expect(refusalOf(() => parseRecipient(text))).toContain("INVALID_KEY");
    }
    expect(refusalOf(() => parseIdentity(identity.toLowerCase()))).toContain("INVALID_KEY");
    expect(refusalOf(() => parseIdentity(recipient))).toContain(
      "is a public key, not a secret one",
    );
  });

  test("a secret key in the place of a recipient is named as such, and no part of it is shown", () => {
    for (const text of [
      identity,
      identity.toLowerCase(),
      `  "${identity}"`,
      identity.slice(0, 40),
    ]) {
      const refusal = refusalOf(() => parseRecipient(text));
      expect(refusal).toContain("A secret key stands where a recipient belongs");
      expect(refusal.toLowerCase()).not.toContain("scg8w24");
    }
  });

  test("nothing that is given as an identity is ever shown", () => {
    const damaged = `${identity.slice(0, -1)}5`;
    for (const text of [
      damaged,
      `# comment\n${damaged}`,
      `${identity}\n${damaged}`,
      `x${identity}`,
    ]) {
      const refusal = refusalOf(() => parseIdentities(text));
      expect(refusal).toContain("INVALID_KEY");
      expect(refusal).not.toContain("SCG8W24");
    }
    expect(Object.keys(parseIdentity(identity))).not.toContain("text");
    expect(JSON.stringify(parseIdentity(identity))).not.toContain("SECRET");
  });
});

describe("identity files", () => {
  test("comments and empty lines do not count, and line ends may be those of Windows", () => {
    const text = `# created: today\r\n# public key: ${recipient}\r\n\r\n${identity}\r\n`;
    const second = generateIdentity();
    expect(parseIdentities(`${text}\n  ${second}  `).map((one) => one.recipient.text)).toEqual([
      recipient,
      recipientOf(second),
    ]);
  });

  test("a bad line is named by its number", () => {
    expect(refusalOf(() => parseIdentities(`# c\n${identity}\nnonsense`))).toContain(
      "Line 3 of the identity file",
    );
  });

  test("a file without an identity, and an encrypted one, are refused", () => {
    expect(refusalOf(() => parseIdentities("# nothing\n"))).toContain("holds no identity");
    expect(refusalOf(() => parseIdentities("-----BEGIN AGE ENCRYPTED FILE-----\nYWdl"))).toContain(
      "`age -d`",
    );
  });
});

test("any bytes come back from Bech32, and with one letter changed they do not", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(), fc.nat(30), (bytes, place, step) => {
      const text = encodeBech32("age", bytes);
      expect(decodeBech32(text)).toEqual({ prefix: "age", bytes });
      expect(decodeBech32(text.toUpperCase())?.bytes).toEqual(bytes);
      const letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
      const at = 4 + (place % (text.length - 4));
      const letter = letters[(letters.indexOf(text.charAt(at)) + 1 + step) % 32];
      expect(decodeBech32(`${text.slice(0, at)}${letter}${text.slice(at + 1)}`)).toBeUndefined();
    }),
    propertyRuns,
  );
});

test("Bech32 of BIP 173 is read: its valid examples, and none of its invalid ones", () => {
  for (const text of [
    "A12UEL5L",
    "a12uel5l",
    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
    "?1ezyfcl",
  ]) {
    expect(decodeBech32(text)?.prefix).toBe(text.slice(0, text.lastIndexOf("1")));
  }
  for (const text of [
    "\u00201nwldj5",
    "pzry9x0s0muk",
    "1pzry9x0s0muk",
    "x1b4n0q5v",
    "li1dgmt3",
    "A1G7SGD8",
    "10a06t8",
    "1qzzfhee",
    "A12uEL5L",
  ]) {
    expect(decodeBech32(text)).toBeUndefined();
  }
});
