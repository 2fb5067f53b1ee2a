import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { codeOf, errorOf, keysOf, textAt, uploadOf } from "../../../testing/storage-acts.ts";
import { storageFolder } from "../../../testing/storage-places.ts";
import { storageProcess } from "../../../testing/storage-process.ts";
import { openFolderStorage } from "./folder-storage.ts";

const runs = process.env["SLOW"] ? 40 : 6;
const isRoot = process.getuid?.() === 0;
const canMount = isRoot && process.platform === "linux" && tryMount();

test("a missing folder is made for its owner alone, and so is all that is in it", async () => {
  await using folder = storageFolder();
  const dir = join(folder.path, "not", "there");
  await using storage = await openFolderStorage({ dir });
  await storage.put("a/b/c.json", Buffer.from("x"));
  await uploadOf(storage, "a/b/d.bin", Buffer.from("x"));
  for (const path of ["", "a", "a/b"]) expect(statSync(join(dir, path)).mode & 0o777).toBe(0o700);
  for (const path of ["a/b/c.json", "a/b/d.bin"])
    expect(statSync(join(dir, path)).mode & 0o777).toBe(0o600);
});

test("a file where the folder should be is told in words", async () => {
  await using folder = storageFolder();
  const file = join(folder.path, "file");
  writeFileSync(file, "");
  for (const dir of [file, join(file, "below")]) {
    expect(await errorOf(openFolderStorage({ dir }))).toMatchObject({
      code: "STORAGE_FAILED",
      message: expect.stringContaining("it is a file, or lies below one"),
    });
  }
});

test("objects are plain files of their own names, and folders that became empty go away", async () => {
  await using folder = storageFolder();
  await using storage = await openFolderStorage({ dir: folder.path });
  await storage.put("a/b/c.json", Buffer.from("plain"));
  expect(readFileSync(join(folder.path, "a/b/c.json"), "utf8")).toBe("plain");
  await storage.delete(["a/b/c.json"]);
  expect(readdirSync(folder.path)).toEqual([]);
  expect(existsSync(folder.path)).toBe(true);
});

test("the plain file is what was written last, also under conditions", async () => {
  await using folder = storageFolder();
  await using storage = await openFolderStorage({ dir: folder.path });
  let { etag } = await storage.put("lock", Buffer.from("0"), { ifAbsent: true });
  for (let count = 1; count < 30; count += 1) {
    ({ etag } = await storage.put("lock", Buffer.from(String(count)), { ifMatch: etag }));
    expect(readFileSync(join(folder.path, "lock"), "utf8")).toBe(String(count));
  }
  expect(readdirSync(join(folder.path, ".ctb-versions/lock")).length).toBeLessThanOrEqual(9);
});

test("a symbolic link is not followed, neither to a folder nor to a file, and not listed", async () => {
  await using folder = storageFolder();
  await using outside = storageFolder();
  writeFileSync(join(outside.path, "secret"), "secret");
  symlinkSync(outside.path, join(folder.path, "link"));
  symlinkSync(join(outside.path, "secret"), join(folder.path, "file"));
  await using storage = await openFolderStorage({ dir: folder.path });
  expect(await codeOf(storage.get("link/secret"))).toBe("STORAGE_DENIED");
  expect(await codeOf(storage.put("link/new", Buffer.from("x")))).toBe("STORAGE_DENIED");
  expect(await codeOf(storage.put("link/deeper/new", Buffer.from("x")))).toBe("STORAGE_DENIED");
  expect(await codeOf(storage.openUpload("link/new"))).toBe("STORAGE_DENIED");
  expect(await codeOf(storage.delete(["link/secret"]))).toBe("STORAGE_DENIED");
  expect(await storage.get("file")).toBeUndefined();
  expect(await codeOf(storage.openRead("file"))).toBe("NOT_FOUND");
  expect(await keysOf(storage, "")).toEqual([]);
  expect(await keysOf(storage, "link/")).toEqual([]);
  await storage.put("file", Buffer.from("ours"));
  expect(readFileSync(join(outside.path, "secret"), "utf8")).toBe("secret");
  expect(lstatSync(join(folder.path, "file")).isFile()).toBe(true);
  expect(readdirSync(outside.path)).toEqual(["secret"]);
});

test("the folder itself may be reached by a link", async () => {
  await using folder = storageFolder();
  mkdirSync(join(folder.path, "real"));
  symlinkSync("real", join(folder.path, "link"));
  await using storage = await openFolderStorage({ dir: join(folder.path, "link") });
  await storage.put("k", Buffer.from("x"));
  expect(readdirSync(join(folder.path, "real"))).toEqual(["k"]);
});

test.skipIf(process.platform !== "linux")(
  "names that can be no key, pipes and unfinished files are passed over by a list",
  async () => {
    await using folder = storageFolder();
    await using storage = await openFolderStorage({ dir: folder.path });
    await storage.put("fine/1", Buffer.from("x"));
    const hostile = [
      Buffer.from("new\nline"),
      Buffer.from([0xff, 0xfe]),
      Buffer.from("e\u0301"),
      Buffer.from("\u001b[31m"),
    ];
    for (const name of hostile)
      writeFileSync(Buffer.concat([Buffer.from(`${folder.path}/`), name]), "x");
    writeFileSync(join(folder.path, "fine/.ctb-tmp-1"), "x");
    execFileSync("mkfifo", [join(folder.path, "fine/pipe")]);
    expect(await keysOf(storage, "")).toEqual(["fine/1"]);
    expect(await storage.get("fine/pipe")).toBeUndefined();
  },
);

test("a folder in the place of an object, and an object in the place of a folder, are errors and stay", async () => {
  await using folder = storageFolder();
  await using storage = await openFolderStorage({ dir: folder.path });
  await storage.put("a/b", Buffer.from("x"));
  expect(await codeOf(storage.put("a", Buffer.from("x")))).toBe("STORAGE_FAILED");
  expect(await codeOf(storage.put("a", Buffer.from("x"), { ifAbsent: true }))).toBe("CONFLICT");
  expect(await codeOf(storage.put("a/b/c", Buffer.from("x")))).toBe("STORAGE_DENIED");
  expect(await storage.get("a")).toBeUndefined();
  expect(await keysOf(storage, "")).toEqual(["a/b"]);
  expect(readdirSync(folder.path)).toEqual(["a"]);
});

test("a large object does not take the place of another", async () => {
  await using folder = storageFolder();
  await using storage = await openFolderStorage({ dir: folder.path });
  await uploadOf(storage, "k", Buffer.from("first"));
  expect(await codeOf(uploadOf(storage, "k", Buffer.from("second")))).toBe("CONFLICT");
  expect(await textAt(storage, "k")).toBe("first");
  expect(readdirSync(folder.path)).toEqual(["k"]);
});

test("an unfinished file is swept when nobody wrote to it for long, and not one that is being written", async () => {
  await using folder = storageFolder();
  await using storage = await openFolderStorage({ dir: folder.path });
  const old = await storage.openUpload("a/old");
  await old.write(Buffer.from("12345"));
  const [name = ""] = readdirSync(join(folder.path, "a"));
  utimesSync(join(folder.path, "a", name), new Date(0), new Date(0));
  const young = await storage.openUpload("a/young");
  await young.write(Buffer.from("1"));
  expect(await storage.sweepUploads("a/", new Date(Date.now() - 60_000))).toEqual({
    removed: 1,
    sizeBytes: 5,
  });
  await young.complete();
  expect(await codeOf(old.complete())).toBe("STORAGE_FAILED");
  expect(await keysOf(storage, "")).toEqual(["a/young"]);
});

test.runIf(canMount)(
  "a full disk is STORAGE_FULL, and nothing is left (as root, with a file system of 1 MiB)",
  async () => {
    await using small = smallDisk();
    await using storage = await openFolderStorage({ dir: small.path });
    await storage.put("kept", Buffer.from("kept"));
    const error = await errorOf(storage.put("big", Buffer.alloc(2 * 1024 ** 2)));
    expect(error.code).toBe("STORAGE_FULL");
    expect(error.hint).toContain("Free space");
    const upload = await storage.openUpload("bigger/one");
    const write = async (): Promise<void> => {
      for (let at = 0; at < 100; at += 1) await upload.write(Buffer.alloc(100_000));
    };
    expect(await codeOf(write())).toBe("STORAGE_FULL");
    expect(readdirSync(small.path)).toEqual(["kept"]);
    await storage.put("kept", Buffer.from("and again"));
    expect(await textAt(storage, "kept")).toBe("and again");
  },
);

test.runIf(canMount)(
  "a file system that is read-only is STORAGE_DENIED for writers, and readable (as root)",
  async () => {
    await using small = smallDisk();
    await using storage = await openFolderStorage({ dir: small.path });
    await storage.put("k", Buffer.from("x"));
    execFileSync("mount", ["-o", "remount,ro", small.path]);
    expect(await codeOf(storage.put("n", Buffer.from("x")))).toBe("STORAGE_DENIED");
    expect(await codeOf(storage.openUpload("n"))).toBe("STORAGE_DENIED");
    expect(await codeOf(storage.delete(["k"]))).toBe("STORAGE_DENIED");
    expect(await textAt(storage, "k")).toBe("x");
  },
);

test.skipIf(!isRoot || process.seteuid === undefined)(
  "a folder of somebody else is STORAGE_DENIED (as root, for a moment as another user)",
  async () => {
    await using folder = storageFolder();
    chmodSync(folder.path, 0o755);
    await using storage = await openFolderStorage({ dir: folder.path });
    await storage.put("theirs", Buffer.from("x"));
    const tries = [
      async () => await storage.put("n", Buffer.from("x")),
      async () => await storage.put("a/n", Buffer.from("x"), { ifAbsent: true }),
      async () => await storage.openUpload("n"),
      async () => await storage.delete(["theirs"]),
      async () => await storage.get("theirs"),
      async () => await openFolderStorage({ dir: join(folder.path, "new") }),
    ];
    const codes: string[] = [];
    process.seteuid?.(65_534);
    try {
      for (const work of tries) codes.push(await codeOf(work()));
    } finally {
      process.seteuid?.(0);
    }
    expect(codes).toEqual(tries.map(() => "STORAGE_DENIED"));
    expect(readdirSync(folder.path)).toEqual(["theirs"]);
  },
);

test("of two processes that claim the same keys each key has one winner", async () => {
  await using folder = storageFolder();
  const args = ["claims", "150"];
  await using one = storageProcess("claim", { url: folder.path }, { args });
  await using two = storageProcess("claim", { url: folder.path }, { args });
  const won = [...(await one.ended()), ...(await two.ended())].map(Number);
  expect(won.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 150 }, (_, at) => at));
});

test("three processes that count in one object lose no count, also when a fourth is killed again and again", async () => {
  await using folder = storageFolder();
  await using storage = await openFolderStorage({ dir: folder.path });
  await storage.put("number", Buffer.from("0"));
  const args = ["number", "40"];
  const processes = Array.from({ length: 3 }, () =>
    storageProcess("count", { url: folder.path }, { args }),
  );
  const killed: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    await using victim = storageProcess(
      "count",
      { url: folder.path },
      { args: ["number", "1000"] },
    );
    await victim.said(3);
    victim.signal("SIGKILL");
    killed.push(...(await victim.ended()));
  }
  const counted = [
    ...(await Promise.all(processes.map(async (one) => await one.ended()))).flat(),
    ...killed,
  ].map(Number);
  // A victim may have counted and died before it said so; nobody counts the same number twice.
  expect(new Set(counted).size).toBe(counted.length);
  const last = Number(await textAt(storage, "number"));
  expect(last).toBeGreaterThanOrEqual(counted.length);
  expect(last).toBeLessThanOrEqual(counted.length + 3);
});

test("a process that is killed at any moment leaves whole objects, and what is swept", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("put", "upload"),
      fc.integer({ min: 1, max: 40 }),
      async (what, waitMs) => {
        await using folder = storageFolder();
        await using victim = storageProcess(what, { url: folder.path }, { args: ["a/k"] });
        await victim.said(1);
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        victim.signal("SIGKILL");
        await victim.ended();
        await using storage = await openFolderStorage({ dir: folder.path });
        for await (const { key, sizeBytes } of storage.list("")) {
          expect(sizeBytes).toBe(what === "put" ? 300_000 : 1_000_000);
          const { body } = (await storage.get(key)) ?? { body: Buffer.alloc(0) };
          expect(body.every((byte) => byte === body[0])).toBe(true);
        }
        await storage.sweepUploads("", new Date(Date.now() + 60_000));
        const left = readdirSync(folder.path, { recursive: true }).map(String);
        expect(left.filter((name) => name.includes(".ctb-tmp-"))).toEqual([]);
        await storage.put("a/k2", Buffer.from("goes on"), { ifAbsent: true });
      },
    ),
    { numRuns: runs },
  );
});

test("processes that make and remove the same folder do not fail each other", async () => {
  await using folder = storageFolder();
  const args = ["deep/er/folder", "150"];
  await using one = storageProcess("churn", { url: folder.path }, { args });
  await using two = storageProcess("churn", { url: folder.path }, { args });
  expect([await one.ended(), await two.ended()]).toEqual([["done"], ["done"]]);
  expect(readdirSync(folder.path)).toEqual([]);
});

function smallDisk(): { readonly path: string } & AsyncDisposable {
  const path = mkdtempSync(join(tmpdir(), "ctb-backup-small-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", path]);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      execFileSync("umount", [path]);
      rmSync(path, { recursive: true });
    },
  };
}

function tryMount(): boolean {
  const path = mkdtempSync(join(tmpdir(), "ctb-backup-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", path], { stdio: "ignore" });
    execFileSync("umount", [path], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(path, { recursive: true });
  }
}
