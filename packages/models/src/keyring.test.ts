import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ModelError, parseKeyring } from "./index.ts";

const numRuns = process.env["SLOW"] === "1" ? 100 : 10;
const place = { table: "clients", column: "email" };
/** The bytes 0 to 31, of docs/formats.md. */
const knownKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const known = parseKeyring(knownKey);
const newKey = (): string => randomBytes(32).toString("base64");

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof ModelError ? error.code : "another error";
  }
}

describe("a keyring", () => {
  it("reads keys in base64, base64url and hexadecimal, with spaces around them", () => {
    const bytes = randomBytes(32);
    const [{ keyIds: expected }, ...others] = [
      parseKeyring(bytes.toString("base64")),
      parseKeyring(` ${bytes.toString("base64url")} `),
      parseKeyring(bytes.toString("hex")),
      parseKeyring(bytes.toString("hex").toUpperCase()),
      parseKeyring(bytes.toString("base64").replace("=", "")),
    ];
    for (const { keyIds } of others) expect(keyIds).toEqual(expected);
  });

  it("keeps the order of the keys: the newest is the first", () => {
    const [older, newer] = [newKey(), newKey()];
    expect(parseKeyring(`${newer}, ${older}`).keyIds).toEqual([
      ...parseKeyring(newer).keyIds,
      ...parseKeyring(older).keyIds,
    ]);
  });

  it.each([
    ["nothing", ""],
    ["a passphrase", "correct horse battery staple"],
    ["a passphrase of 43 letters", "correct-horse-battery-staple-correct-horse."],
    ["16 bytes", randomBytes(16).toString("base64")],
    ["33 bytes", randomBytes(33).toString("base64")],
    ["an empty key behind a comma", `${newKey()},`],
    ["zeros", "0".repeat(64)],
    ["one key twice", `${knownKey},${knownKey}`],
  ])("refuses %s", (_name, text) => {
    expect(codeOf(() => parseKeyring(text))).toBe("INVALID_KEYRING");
  });

  it("shows no key: not in errors, not in JSON, not when it is inspected", () => {
    const secret = "hunter2-is-not-a-key-but-it-is-a-secret";
    const error = (() => {
      try {
        return parseKeyring(`${knownKey},${secret}`);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret);
    const shown =
      inspect(known, { depth: 9, showHidden: true }) +
      JSON.stringify(known) +
      inspect(known.cipherOf(place), { depth: 9, showHidden: true });
    expect(shown).not.toContain(knownKey.slice(0, 12));
    expect(shown).not.toContain("00 01 02 03");
  });
});

describe("the ciphertext of a column", () => {
  // Made with WebCrypto, not with this code: docs/formats.md explains them.
  it.each([
    ["ada@example.org", "ctb1.c8b03dbb.oKGio6SlpqeoqaqrC30bOZbht-t2-kcOkX69EGlqDtR1kvWkLu-jjnvl0A"],
    ["", "ctb1.c8b03dbb.oKGio6SlpqeoqaqrWt322VE9L_xl1UPm-DcUTQ"],
    ["Zoë 🌍", "ctb1.c8b03dbb.oKGio6SlpqeoqaqrMHa50tNpSQqLRq99OSxGsuaU40ldzj11bw"],
  ])("of the known answers is read: %s", (plaintext, ciphertext) => {
    expect(known.cipherOf(place).decrypt(ciphertext)).toBe(plaintext);
  });

  it("has the form that docs/formats.md promises, and is another one each time", () => {
    const cipher = known.cipherOf(place);
    const [first, second] = [cipher.encrypt("x"), cipher.encrypt("x")];
    expect(first).toMatch(/^ctb1\.c8b03dbb\.[\w-]{39}$/);
    expect(first).not.toBe(second);
  });

  it("is read back to the same text, whatever that is", () => {
    const text = fc
      .string({ unit: "binary" })
      .map((value) => value.replaceAll(/\p{Surrogate}/gu, ""));
    fc.assert(
      fc.property(text, (plaintext) => {
        const cipher = known.cipherOf(place);
        expect(cipher.decrypt(cipher.encrypt(plaintext))).toBe(plaintext);
      }),
      { numRuns },
    );
  });

  it("is refused when any one character of it is changed, removed or added", () => {
    const cipher = known.cipherOf(place);
    const ciphertext = cipher.encrypt("secret");
    for (let at = 0; at < ciphertext.length; at += 1) {
      const [head, tail] = [ciphertext.slice(0, at), ciphertext.slice(at + 1)];
      const other = ciphertext[at] === "A" ? "B" : "A";
      for (const changed of [
        `${head}${other}${tail}`,
        head + tail,
        `${head}A${ciphertext.slice(at)}`,
      ]) {
        expect(["NOT_DECRYPTABLE", "UNKNOWN_KEY"]).toContain(codeOf(() => cipher.decrypt(changed)));
      }
    }
  });

  it("is refused with a tag that is cut to 15 bytes or fewer, and with no content", () => {
    const cipher = known.cipherOf(place);
    const [version = "", id = "", encoded = ""] = cipher.encrypt("").split(".");
    const body = Buffer.from(encoded, "base64url");
    for (let length = 0; length < body.length; length += 1) {
      const cut = `${version}.${id}.${body.subarray(0, length).toString("base64url")}`;
      expect(codeOf(() => cipher.decrypt(cut))).toBe("NOT_DECRYPTABLE");
    }
  });

  it.each([
    ["padded", (text: string) => `${text}=`],
    ["with a line end", (text: string) => `${text}\n`],
    ["in the base64 of +/", (text: string) => text.replaceAll("-", "+").replaceAll("_", "/")],
    ["with unused bits set", (text: string) => text.replace(/[AQgw]$/, "B")],
  ])("has one spelling: it is refused %s", (_name, spell) => {
    // Ends in A: two bits of it are not used.
    const ciphertext = "ctb1.c8b03dbb.oKGio6SlpqeoqaqrC30bOZbht-t2-kcOkX69EGlqDtR1kvWkLu-jjnvl0A";
    expect(codeOf(() => known.cipherOf(place).decrypt(spell(ciphertext)))).toBe("NOT_DECRYPTABLE");
  });

  it("is bound to its table and its column: moved to another it is refused", () => {
    const ciphertext = known.cipherOf(place).encrypt("x");
    for (const other of [
      { table: "clients", column: "phone" },
      { table: "vendors", column: "email" },
      { table: "client", column: "semail" },
      { table: "clients\0email", column: "" },
    ]) {
      expect(codeOf(() => known.cipherOf(other).decrypt(ciphertext))).toBe("NOT_DECRYPTABLE");
    }
  });

  it("is refused when the values of two columns were swapped", () => {
    const phone = { table: "clients", column: "phone" };
    const row = {
      email: known.cipherOf(place).encrypt("a"),
      phone: known.cipherOf(phone).encrypt("b"),
    };
    expect(codeOf(() => known.cipherOf(place).decrypt(row.phone))).toBe("NOT_DECRYPTABLE");
    expect(codeOf(() => known.cipherOf(phone).decrypt(row.email))).toBe("NOT_DECRYPTABLE");
  });

  it("is read after its column and its table were renamed, when they say so", () => {
    const cipher = known.cipherOf({ table: "customers", column: "mail" }, [place]);
    expect(cipher.decrypt(known.cipherOf(place).encrypt("x"))).toBe("x");
    expect(
      known.cipherOf({ table: "customers", column: "mail" }).decrypt(cipher.encrypt("y")),
    ).toBe("y");
  });

  it("of an unknown key says which one, and nothing of the value", () => {
    const other = parseKeyring(newKey());
    const ciphertext = other.cipherOf(place).encrypt("x");
    expect(() => known.cipherOf(place).decrypt(ciphertext)).toThrow(other.keyIds[0]);
    expect(codeOf(() => known.cipherOf(place).decrypt(ciphertext))).toBe("UNKNOWN_KEY");
  });

  it("does not exist for half a surrogate pair, which would not come back", () => {
    expect(codeOf(() => known.cipherOf(place).encrypt("\uD800"))).toBe("INVALID_VALUE");
  });
});

describe("rotation of keys", () => {
  const [older, newer] = [newKey(), newKey()];
  const before = parseKeyring(older).cipherOf(place);
  const during = parseKeyring(`${newer},${older}`).cipherOf(place);
  const after = parseKeyring(newer).cipherOf(place);

  it("reads what an older key wrote, and writes with the newest", () => {
    expect(during.decrypt(before.encrypt("x"))).toBe("x");
    expect(after.decrypt(during.encrypt("x"))).toBe("x");
  });

  it("knows what is to be written again", () => {
    expect(during.isOutdated(before.encrypt("x"))).toBe(true);
    expect(during.isOutdated(during.encrypt("x"))).toBe(false);
  });

  it("knows that a value under an earlier name of its column is to be written again", () => {
    const renamed = parseKeyring(newer).cipherOf({ table: "customers", column: "mail" }, [place]);
    expect(renamed.isOutdated(after.encrypt("x"))).toBe(true);
    expect(renamed.isOutdated(renamed.encrypt("x"))).toBe(false);
  });

  it("needs the older key until everything was written again", () => {
    expect(codeOf(() => after.decrypt(before.encrypt("x")))).toBe("UNKNOWN_KEY");
  });

  it("looks values up under every key, the newest first", () => {
    const options = { normalize: "none", bits: 64 } as const;
    expect(during.blindIndexes("x", options)).toEqual([
      after.blindIndex("x", options),
      before.blindIndex("x", options),
    ]);
  });
});

describe("a blind index", () => {
  const cipher = known.cipherOf(place);

  it.each([
    [
      "ada@example.org",
      "none",
      256,
      "34326e31625cb48e565336aba494971cebdd3a3de67908cf5235e18d523fbcc0",
    ],
    [
      "  Ada@Example.ORG ",
      "none",
      256,
      "b78fecf5a851ed6fa9826d9ee8687d3a2d8b4cd791cf8d0b3b443af98452a46a",
    ],
    [
      "  Ada@Example.ORG ",
      "lowercase",
      256,
      "34326e31625cb48e565336aba494971cebdd3a3de67908cf5235e18d523fbcc0",
    ],
    ["ada@example.org", "trim", 64, "34326e31625cb48e"],
    ["ada@example.org", "none", 12, "3430"],
    ["ada@example.org", "none", 1, "00"],
  ] as const)(
    "of a known value is the known one: %j, %s, %i bits",
    (value, normalize, bits, expected) => {
      expect(cipher.blindIndex(value, { normalize, bits })).toBe(expected);
    },
  );

  it("is another one in another column", () => {
    const options = { normalize: "none", bits: 64 } as const;
    const other = known.cipherOf({ table: "clients", column: "phone" });
    expect(other.blindIndex("x", options)).not.toBe(cipher.blindIndex("x", options));
  });

  it("of two spellings of one text is the same after normalization: NFKC", () => {
    const options = { normalize: "trim", bits: 64 } as const;
    expect(cipher.blindIndex("Zoe\u0308", options)).toBe(cipher.blindIndex("Zo\u00EB", options));
  });
});
