import { expect, test } from "vitest";
import { redactorOf } from "./redact.ts";

test("the whole URL, its password as written and as decoded, and keys are taken out", () => {
  const redact = redactorOf({
    given: new Map([
      ["DATABASE_URL", { value: "postgres://me:p%40ss/w0rd@h/d", origin: "x" }],
      ["DATA_ENCRYPTION_KEY", { value: "k".repeat(44), origin: "x" }],
      ["MIGRATIONS_DIR", { value: "migrations", origin: "x" }],
    ]),
  });
  expect(
    redact(
      `a postgres://me:p%40ss/w0rd@h/d b p@ss/w0rd c p%40ss/w0rd d ${"k".repeat(44)} migrations`,
    ),
  ).toBe("a *** b *** c *** d *** migrations");
});

test("a private key is taken out as a whole and line by line, however its line ends are written", () => {
  const lines = [
    "-----BEGIN PRIVATE KEY-----",
    "a".repeat(64),
    "b".repeat(20),
    "-----END PRIVATE KEY-----",
  ];
  for (const value of [lines.join("\n"), lines.join("\\n")]) {
    const redact = redactorOf({
      given: new Map([["FIREBASE_PRIVATE_KEY", { value, origin: "x" }]]),
    });
    expect(redact(`${value}, ${"a".repeat(64)}, ${"b".repeat(20)}`)).toBe("***, ***, ***");
    expect(redact("It starts with -----BEGIN PRIVATE KEY-----.")).toContain("BEGIN");
  }
});

test("a secret key in the place of a path is taken out, a path is not", () => {
  const identity = `AGE-SECRET-KEY-1${"Q".repeat(58)}`;
  const redact = redactorOf({
    given: new Map([
      ["BACKUP_IDENTITY_PATH", { value: identity, origin: "x" }],
      ["BACKUP_SIGNING_KEY_PATH", { value: "keys/signing.key", origin: "x" }],
    ]),
  });
  expect(redact(`${identity} and keys/signing.key`)).toBe("*** and keys/signing.key");
});

test("without secrets a text stays as it is", () => {
  expect(redactorOf({ given: new Map() })("postgres://u:p@h/d")).toBe("postgres://u:p@h/d");
});
