import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decryptWhole, encryptWhole } from "../../testing/keys-age.ts";
import { createTestFolder, hasProgram, runProgram } from "../../testing/keys-programs.ts";
import { recipientOf } from "../age/age-keys.ts";
import { publicKeyOf } from "../minisign/signing-key.ts";
import { createKeys, keyFileNames } from "./create-keys.ts";
import { placeByClaim } from "./place-new-file.ts";

const conflict: unknown = expect.objectContaining({ code: "CONFLICT" });
const names = Object.values(keyFileNames);
const someTime = (): Date => new Date("2026-11-24T10:00:00.123Z");
const text = (path: string): string => readFileSync(path, "utf8");

describe("createKeys", () => {
  test("the files hold the keys that are returned, and secret ones are their owner's alone", async () => {
    using folder = createTestFolder();
    const keys = await createKeys({ dir: folder.path("new/keys"), now: someTime });
    expect(text(keys.files.identity)).toBe(
      `# created: 2026-11-24T10:00:00Z\n# public key: ${keys.recipients[0]}\n${keys.identity}\n`,
    );
    expect(text(keys.files.recoveryIdentity)).toContain(`\n${keys.recoveryIdentity}\n`);
    expect(text(keys.files.signingKey)).toBe(keys.signingKey);
    expect(text(keys.files.publicKey).split("\n")[1]).toBe(keys.publicKey);
    expect([keys.identity, keys.recoveryIdentity].map(recipientOf)).toEqual(keys.recipients);
    expect(publicKeyOf(keys.signingKey)).toBe(keys.publicKey);
    expect(readdirSync(folder.path("new/keys")).toSorted()).toEqual(names.toSorted());
  });

  test.skipIf(process.platform === "win32")(
    "nobody but their owner can read the secret keys, nor enter a new folder",
    async () => {
      using folder = createTestFolder();
      const { files } = await createKeys({ dir: folder.path("keys") });
      const modes = Object.entries(files).map(([name, path]) => [
        name,
        statSync(path).mode & 0o077,
      ]);
      expect(Object.fromEntries(modes)).toMatchObject({
        identity: 0,
        recoveryIdentity: 0,
        signingKey: 0,
      });
      expect(statSync(folder.path("keys")).mode & 0o077).toBe(0);
    },
  );

  test("each of the two recipients opens what is encrypted to both", async () => {
    using folder = createTestFolder();
    const { recipients, identity, recoveryIdentity } = await createKeys({ dir: folder.path("k") });
    const plain = randomBytes(100);
    for (const one of [identity, recoveryIdentity]) {
      expect(decryptWhole(encryptWhole(plain, recipients), [one])).toEqual({
        plain,
        error: undefined,
      });
    }
  });

  test("a second call changes nothing", async () => {
    using folder = createTestFolder();
    const { files } = await createKeys({ dir: folder.path("k") });
    const before = Object.values(files).map(text);
    await expect(createKeys({ dir: folder.path("k") })).rejects.toThrow(conflict);
    expect(Object.values(files).map(text)).toEqual(before);
    expect(readdirSync(folder.path("k"))).toHaveLength(4);
  });

  test.each(names)("with %s there already, no other file appears", async (name) => {
    using folder = createTestFolder();
    await createKeys({ dir: folder.path("k") });
    for (const other of names) if (other !== name) rmSync(folder.path(`k/${other}`));
    await expect(createKeys({ dir: folder.path("k") })).rejects.toThrow(conflict);
    expect(readdirSync(folder.path("k"))).toEqual([name]);
  });

  test("of many at once one makes its keys, all four of them", async () => {
    using folder = createTestFolder();
    const calls = Array.from(
      { length: 8 },
      async () => await createKeys({ dir: folder.path("k") }),
    );
    const results = await Promise.allSettled(calls);
    const made = results
      .filter((result) => result.status === "fulfilled")
      .map(({ value }) => value);
    const refused = results.filter((result) => result.status === "rejected");
    expect(made).toHaveLength(1);
    for (const { reason } of refused) expect(reason).toEqual(conflict);
    expect(readdirSync(folder.path("k")).toSorted()).toEqual(names.toSorted());
    expect(text(folder.path(`k/${keyFileNames.identity}`))).toContain(made[0]?.identity);
    expect(text(folder.path(`k/${keyFileNames.signingKey}`))).toBe(made[0]?.signingKey);
  });

  test("a folder that cannot be made is a clear error", async () => {
    using folder = createTestFolder();
    writeFileSync(folder.path("file"), "");
    await expect(createKeys({ dir: folder.path("file/keys") })).rejects.toThrow(
      expect.objectContaining({
        code: "STORAGE_FAILED",
        message: expect.stringContaining("ENOTDIR"),
      }),
    );
  });

  test.skipIf(!hasProgram("age-keygen") || !hasProgram("minisign"))(
    "age-keygen and minisign read the files",
    async () => {
      using folder = createTestFolder();
      const { files, recipients, publicKey } = await createKeys({ dir: folder.path("k") });
      const said = [files.identity, files.recoveryIdentity].map((path) =>
        runProgram("age-keygen", ["-y", path]).stdout.toString().trim(),
      );
      expect(said).toEqual(recipients);
      writeFileSync(folder.path("m"), "message");
      const signed = runProgram("minisign", [
        "-S",
        "-W",
        "-s",
        files.signingKey,
        "-m",
        folder.path("m"),
      ]);
      expect(signed).toMatchObject({ status: 0 });
      expect(runProgram("minisign", ["-V", "-m", folder.path("m"), "-P", publicKey])).toMatchObject(
        { status: 0 },
      );
      expect(
        runProgram("minisign", ["-V", "-m", folder.path("m"), "-p", files.publicKey]),
      ).toMatchObject({ status: 0 });
    },
  );
});

describe("a file system without hard links", () => {
  test("a name that is free is taken by the whole file, and one that is taken stays as it is", async () => {
    using folder = createTestFolder();
    writeFileSync(folder.path("new"), "new");
    await placeByClaim(folder.path("new"), folder.path("name"));
    expect(text(folder.path("name"))).toBe("new");
    writeFileSync(folder.path("newer"), "newer");
    await expect(placeByClaim(folder.path("newer"), folder.path("name"))).rejects.toThrow("EEXIST");
    expect(text(folder.path("name"))).toBe("new");
  });

  test("a name is given back when there is no file for it", async () => {
    using folder = createTestFolder();
    await expect(placeByClaim(folder.path("none"), folder.path("name"))).rejects.toThrow("ENOENT");
    expect(readdirSync(folder.path("."))).toEqual([]);
  });
});
