import { cp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import {
  contentOf,
  fillWorld,
  makeTestKeys,
  openBackupWorld,
  type BackupWorld,
} from "../../testing/backup-world.ts";
import { listBackups } from "../archive/list-backups.ts";
import { BackupError } from "../backup-error.ts";
import { createBackup } from "../create/create-backup.ts";
import { restoreBackup } from "../restore/restore-backup.ts";
import { verifyBackup } from "./verify-backup.ts";

let world: BackupWorld;
let id = "";

beforeAll(async () => {
  world = await openBackupWorld();
  await fillWorld(world);
  id = await backUp();
  return async () => await world[Symbol.asyncDispose]();
});

async function backUp(): Promise<string> {
  const { storage, postgres, firestore, keys } = world;
  const created = await createBackup({
    storage,
    postgres,
    firestore,
    encryption: { kind: "age", recipients: [keys.recipient] },
    signingKey: keys.signingKey,
    firestoreFiles: [{ name: "firestore.rules", content: "rules" }],
  });
  return created.id;
}

function folderOf(backup: string): string {
  return join(world.dir, "backups", backup);
}

async function filesOf(backup: string): Promise<readonly string[]> {
  const entries = await readdir(folderOf(backup), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folderOf(backup).length + 1))
    .toSorted();
}

/** The first file of the backup in a folder of it. */
async function fileOf(folder: string): Promise<string> {
  return (await filesOf(id)).find((file) => file.startsWith(folder)) ?? "";
}

/** What verification says: its findings, or the error's code. */
async function verdictOf(backup: string, level: "stored" | "hashes" | "contents"): Promise<string> {
  const { storage, keys } = world;
  try {
    const { ok, findings } = await verifyBackup({
      storage,
      id: backup,
      level,
      identities: [keys.identity],
      trustedKeys: [keys.publicKey],
    });
    return ok ? "ok" : findings.join(" ");
  } catch (error) {
    if (error instanceof BackupError) return error.code;
    throw error;
  }
}

/** The error that a restore ends with. */
async function restoreError(backup: string): Promise<string> {
  try {
    await restoreBackup({
      storage: world.storage,
      id: backup,
      firestore: world.firestoreTarget,
      identities: [world.keys.identity],
      trustedKeys: [world.keys.publicKey],
      ramp: false,
    });
  } catch (error) {
    if (error instanceof BackupError) return error.code;
    throw error;
  }
  return "restored";
}

/** Runs `fn` while a file of the backup is another. */
async function withFile(
  path: string,
  change: (bytes: Buffer) => Buffer,
  fn: () => Promise<void>,
): Promise<void> {
  const original = await readFile(path);
  await writeFile(path, change(Buffer.from(original)));
  try {
    await fn();
  } finally {
    await writeFile(path, original);
  }
}

function flipped(at: (length: number) => number): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const index = at(bytes.length);
    bytes[index] = (bytes[index] ?? 0) ^ 0x10;
    return bytes;
  };
}

test("a backup as it was written is right at every level", async () => {
  for (const level of ["stored", "hashes", "contents"] as const)
    expect(await verdictOf(id, level)).toBe("ok");
});

test("one flipped bit anywhere in any file is found by its hash or its signature", async () => {
  for (const name of await filesOf(id)) {
    for (const at of [() => 0, (length: number) => length >> 1, (length: number) => length - 1]) {
      await withFile(join(folderOf(id), name), flipped(at), async () => {
        const verdict = await verdictOf(id, "hashes");
        expect(verdict).toMatch(
          name.startsWith("BACKUP.json")
            ? /^(?:BAD_SIGNATURE|CORRUPT|INVALID_KEY|UNKNOWN_FORMAT|NOT_FOUND)$/u
            : / is damaged: its bytes do not have the hash that was recorded\.$/u,
        );
        expect(verdict.startsWith(name)).toBe(!name.startsWith("BACKUP.json"));
      });
    }
  }
});

test("a part that is shorter, longer, empty or gone is found without reading a byte", async () => {
  for (const name of (await filesOf(id)).filter((file) => !file.startsWith("BACKUP.json"))) {
    const path = join(folderOf(id), name);
    for (const change of [
      (bytes: Buffer): Buffer => bytes.subarray(0, -1),
      (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.from("x")]),
      (): Buffer => Buffer.alloc(0),
    ]) {
      await withFile(path, change, async () => {
        expect(await verdictOf(id, "stored")).toContain(`${name} has `);
      });
    }
    await rename(path, `${path}.away`);
    expect(await verdictOf(id, "stored")).toBe(`${name} is missing.`);
    await rename(`${path}.away`, path);
  }
});

test("damaged documents are never written, and nothing of them is", async () => {
  const part = await fileOf("firestore/data/notes/");
  await withFile(
    join(folderOf(id), part),
    flipped((length) => length - 20),
    async () => {
      expect(await restoreError(id)).toBe("CORRUPT");
    },
  );
  await withFile(
    join(folderOf(id), "manifest.json.zst.age"),
    flipped((length) => length - 20),
    async () => {
      expect(await restoreError(id)).toBe("CORRUPT");
    },
  );
});

test("parts that were swapped are found", async () => {
  const [one = "", other = ""] = (await filesOf(id)).filter((file) =>
    file.startsWith("postgres/data/"),
  );
  const read = async (name: string): Promise<Buffer> => await readFile(join(folderOf(id), name));
  const [first, second] = [await read(one), await read(other)];
  await withFile(
    join(folderOf(id), one),
    () => second,
    async () => {
      await withFile(
        join(folderOf(id), other),
        () => first,
        async () => {
          expect(await verdictOf(id, "hashes")).toContain(one);
        },
      );
    },
  );
});

test("a record that was put under another backup, or an old one over a new one, is refused and not listed as valid", async () => {
  const second = await backUp();
  for (const name of ["BACKUP.json", "BACKUP.json.minisig"])
    await cp(join(folderOf(second), name), join(folderOf(second), `${name}.kept`));
  for (const name of ["BACKUP.json", "BACKUP.json.minisig"])
    await cp(join(folderOf(id), name), join(folderOf(second), name));
  expect(await verdictOf(second, "stored")).toBe("BAD_SIGNATURE");
  expect(await restoreError(second)).toBe("BAD_SIGNATURE");
  const listed = await listBackups(world.storage);
  expect(listed.find((backup) => backup.id === second)).toMatchObject({
    valid: false,
    problem: expect.stringContaining("put there from somewhere else"),
  });
  await rm(folderOf(second), { recursive: true });
});

test("an old manifest under a new record is found", async () => {
  const second = await backUp();
  const manifest = "manifest.json.zst.age";
  await cp(join(folderOf(id), manifest), join(folderOf(second), manifest));
  expect(await verdictOf(second, "contents")).toMatch(
    /^manifest\.json\.zst\.age (is damaged|has )/u,
  );
  expect(await restoreError(second)).toBe("CORRUPT");
  await rm(folderOf(second), { recursive: true });
});

test("the signature of a key that is not trusted does not count", async () => {
  const stranger = makeTestKeys();
  const { storage, keys } = world;
  const options = { storage, id, level: "stored", trustedKeys: [stranger.publicKey] } as const;
  await expect(verifyBackup(options)).rejects.toMatchObject({ code: "BAD_SIGNATURE" });
  expect(await listBackups(storage, { trustedKeys: [keys.publicKey] })).toMatchObject([
    { valid: true, trusted: true },
  ]);
  expect(await listBackups(storage, { trustedKeys: [stranger.publicKey] })).toMatchObject([
    { valid: false },
  ]);
});

test("a wrong key opens nothing, and hashes need none", async () => {
  const { storage } = world;
  const identities = [makeTestKeys().identity];
  await expect(verifyBackup({ storage, id, level: "contents", identities })).rejects.toMatchObject({
    code: "WRONG_KEY",
  });
  await expect(
    restoreBackup({ storage, id, firestore: world.firestoreTarget, identities }),
  ).rejects.toMatchObject({ code: "WRONG_KEY" });
  expect(await verifyBackup({ storage, id, level: "hashes" })).toMatchObject({ ok: true });
});

test("evidence makes a backup verified, until a later look finds it damaged; forged evidence counts for nothing", async () => {
  const { storage, keys } = world;
  const look = async (signingKey: string): Promise<void> => {
    await verifyBackup({ storage, id, level: "hashes", signingKey, trustedKeys: [] });
  };
  const verifiedAt = async (): Promise<unknown> => (await listBackups(storage))[0]?.verifiedAt;
  expect(await verifiedAt()).toBeNull();
  await look(makeTestKeys().signingKey);
  expect(await verifiedAt()).toBeNull();
  await look(keys.signingKey);
  expect(await verifiedAt()).toBeInstanceOf(Date);
  const part = await fileOf("postgres/data/");
  await withFile(
    join(folderOf(id), part),
    flipped((length) => length >> 1),
    async () => {
      await look(keys.signingKey);
    },
  );
  expect((await listBackups(storage))[0]).toMatchObject({
    verifiedAt: null,
    problem: expect.stringContaining(`${part} is damaged`),
  });
  await look(keys.signingKey);
  expect(await verifiedAt()).toBeInstanceOf(Date);
});

test("a good word of a clock that was ahead does not outlive damage that was found after it", async () => {
  const { storage, keys } = world;
  const look = async (hours: number): Promise<void> => {
    const now = (): Date => new Date(Date.now() + hours * 3_600_000);
    const { signingKey } = keys;
    await verifyBackup({ storage, id, level: "hashes", signingKey, now });
  };
  await look(1);
  const part = await fileOf("postgres/data/");
  await withFile(
    join(folderOf(id), part),
    flipped((length) => length >> 1),
    async () => await look(0),
  );
  expect((await listBackups(storage))[0]).toMatchObject({ verifiedAt: null });
});

test("nothing of all that was refused above has left anything in the targets", async () => {
  expect(await contentOf(world.target)).toEqual({ sequences: [], constraints: [], indexes: [] });
  expect(await world.firestoreTarget.collections()).toEqual([]);
});
