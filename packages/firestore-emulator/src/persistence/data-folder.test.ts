import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { runProgram } from "../../testing/program.ts";
import { testFolder } from "../../testing/test-folder.ts";
import { openDataFolder, readServerInfo } from "./data-folder.ts";
import { bootIdentity, machineIdentity, processIdentity } from "./process-identity.ts";

const program = new URL("../../testing/journal-program.ts", import.meta.url);

const lockOfThis = {
  pid: process.pid,
  identity: processIdentity(process.pid) ?? "",
  machine: machineIdentity(),
  boot: bootIdentity(),
};

describe("a data folder", () => {
  it("is made with all that it lies in, and says what it is", async () => {
    await using folder = testFolder();
    const path = join(folder.path, "a/b");
    const data = await openDataFolder(path);
    expect(data.path).toBe(path);
    expect(JSON.parse(readFileSync(join(path, "firestore-emulator.json"), "utf8"))).toMatchObject({
      format: 1,
    });
    data.release();
  });

  it("is taken when it is empty but for what version control puts there", async () => {
    await using folder = testFolder();
    writeFileSync(join(folder.path, ".gitignore"), "*\n");
    const data = await openDataFolder(folder.path);
    expect(data.isHeld).toBe(true);
    data.release();
  });

  it("that holds something else is refused and left as it is", async () => {
    await using folder = testFolder();
    writeFileSync(join(folder.path, "photo.jpg"), "x");
    await expect(openDataFolder(folder.path)).rejects.toMatchObject({
      code: "DATA_FOLDER_UNUSABLE",
      message: `The folder ${folder.path} holds something else, such as photo.jpg.`,
    });
    expect(readdirSync(folder.path)).toEqual(["photo.jpg"]);
  });

  it("of a later format, or with a marker that is none, is refused", async () => {
    await using folder = testFolder();
    for (const text of ['{"format":2}', "[]", "x", ""]) {
      writeFileSync(join(folder.path, "firestore-emulator.json"), text);
      await expect(openDataFolder(folder.path)).rejects.toMatchObject({
        code: "DATA_FOLDER_UNUSABLE",
      });
    }
    expect(readdirSync(folder.path)).toEqual(["firestore-emulator.json"]);
  });

  it("is refused where a file or the system is in the way", async () => {
    await using folder = testFolder();
    const file = join(folder.path, "file");
    writeFileSync(file, "");
    for (const path of [file, join(file, "below"), "/proc/none/x"]) {
      await expect(openDataFolder(path)).rejects.toMatchObject({ code: "DATA_FOLDER_UNUSABLE" });
    }
    for (const path of ["", "a\0b"]) {
      await expect(openDataFolder(path)).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
    }
  });
});

describe("a data folder has one holder", () => {
  it("who is named to others, with the address once there is one", async () => {
    await using folder = testFolder();
    expect(readServerInfo(folder.path)).toBeUndefined();
    const data = await openDataFolder(folder.path);
    await expect(openDataFolder(folder.path)).rejects.toMatchObject({
      code: "DATA_FOLDER_IN_USE",
      message: `The data folder ${folder.path} is in use by this process.`,
    });
    expect(readServerInfo(folder.path)).toBeUndefined();
    data.publishAddress({ host: "127.0.0.1", port: 8080 });
    await expect(openDataFolder(folder.path)).rejects.toThrow("It listens on 127.0.0.1:8080.");
    expect(readServerInfo(folder.path)).toEqual({
      pid: process.pid,
      host: "127.0.0.1",
      port: 8080,
    });
    data.release();
    expect(readServerInfo(folder.path)).toBeUndefined();
    (await openDataFolder(folder.path)).release();
  });

  it("until that one is killed", async () => {
    await using folder = testFolder();
    await using holder = runProgram(program, [folder.path, "hold"]);
    expect(await holder.line()).toBe("held");
    expect(readServerInfo(folder.path)).toMatchObject({ pid: holder.pid, port: 4321 });
    await expect(openDataFolder(folder.path)).rejects.toThrow(`process ${holder.pid} (`);
    holder.child.kill("SIGKILL");
    await holder.ended();
    expect(readServerInfo(folder.path)).toBeUndefined();
    const data = await openDataFolder(folder.path);
    expect(data.afterPowerLoss).toBe(false);
    data.release();
  });

  it("and another process that got the number of a dead one is not taken for it", async () => {
    await using folder = testFolder();
    (await openDataFolder(folder.path)).release();
    const lock = { ...lockOfThis, identity: "long ago", address: { host: "::1", port: 1 } };
    writeFileSync(join(folder.path, "lock.7"), JSON.stringify(lock));
    expect(readServerInfo(folder.path)).toBeUndefined();
    (await openDataFolder(folder.path)).release();
    expect(readdirSync(folder.path).filter((name) => name.startsWith("lock"))).toEqual(["lock.8"]);
  });

  it("and a lock that cannot be read is nobody's", async () => {
    await using folder = testFolder();
    (await openDataFolder(folder.path)).release();
    for (const [index, text] of ["", "null", "[]", "{", '{"pid":"1"}'].entries()) {
      writeFileSync(join(folder.path, `lock.${10 * (index + 1)}`), text);
      const data = await openDataFolder(folder.path);
      expect(data.isHeld).toBe(true);
      data.release();
    }
  });

  it("even if many try at once, in one process and in several", async () => {
    await using folder = testFolder();
    const tries = await Promise.allSettled(
      Array.from({ length: 5 }, async () => await openDataFolder(folder.path)),
    );
    const won = tries.filter((one) => one.status === "fulfilled");
    expect(won).toHaveLength(1);
    won[0]?.value.release();
    await using others = new AsyncDisposableStack();
    const programs = Array.from({ length: 6 }, () =>
      others.use(runProgram(program, [folder.path, "hold"])),
    );
    const said = await Promise.all(programs.map(async (each) => await each.line()));
    expect(said.toSorted()).toEqual([...Array(5).fill("DATA_FOLDER_IN_USE"), "held"]);
  });

  it("also when all begin with a folder that does not exist", async () => {
    await using folder = testFolder();
    const path = join(folder.path, "new");
    await using others = new AsyncDisposableStack();
    const programs = Array.from({ length: 4 }, () =>
      others.use(runProgram(program, [path, "hold"])),
    );
    const said = await Promise.all(programs.map(async (each) => await each.line()));
    expect(said.toSorted()).toEqual([...Array(3).fill("DATA_FOLDER_IN_USE"), "held"]);
  });
});

describe("a holder on another machine", () => {
  const elsewhere = JSON.stringify({ ...lockOfThis, machine: "elsewhere pid:[1]" });

  it("keeps the folder while it touches its lock", async () => {
    await using folder = testFolder();
    (await openDataFolder(folder.path)).release();
    const file = join(folder.path, "lock.9");
    writeFileSync(file, elsewhere);
    const touching = setInterval(() => utimesSync(file, new Date(), new Date()), 100);
    await expect(openDataFolder(folder.path)).rejects.toMatchObject({ code: "DATA_FOLDER_IN_USE" });
    clearInterval(touching);
  });

  it("loses it when it does not", async () => {
    await using folder = testFolder();
    (await openDataFolder(folder.path)).release();
    writeFileSync(join(folder.path, "lock.9"), elsewhere);
    const data = await openDataFolder(folder.path);
    expect(data.isHeld).toBe(true);
    data.release();
  });
});

it("a holder notices that its folder was deleted, or taken over while it stood still", async () => {
  await using folder = testFolder();
  const path = join(folder.path, "data");
  const data = await openDataFolder(path);
  expect(data.isHeld).toBe(true);
  rmSync(path, { recursive: true });
  await sleep(1500);
  expect(data.isHeld).toBe(false);
  data.release();
  mkdirSync(path);
  const again = await openDataFolder(path);
  rmSync(join(path, "lock.1"));
  await sleep(1500);
  expect(again.isHeld).toBe(false);
});

it("who lost the folder to one of the same path, made anew, leaves that to its holder", async () => {
  await using folder = testFolder();
  const path = join(folder.path, "data");
  const first = await openDataFolder(path);
  rmSync(path, { recursive: true });
  const second = await openDataFolder(path);
  await sleep(1500);
  expect(first.isHeld).toBe(false);
  first.release();
  expect(second.isHeld).toBe(true);
  await expect(openDataFolder(path)).rejects.toMatchObject({ code: "DATA_FOLDER_IN_USE" });
  second.release();
});

it("who lets a folder go that was made anew a moment ago leaves it to its holder", async () => {
  await using folder = testFolder();
  const path = join(folder.path, "data");
  const first = await openDataFolder(path);
  rmSync(path, { recursive: true });
  const second = await openDataFolder(path);
  first.release();
  await expect(openDataFolder(path)).rejects.toMatchObject({ code: "DATA_FOLDER_IN_USE" });
  second.release();
});

it.runIf(process.platform === "linux")("a restart of the machine in between is told", async () => {
  await using folder = testFolder();
  (await openDataFolder(folder.path)).release();
  writeFileSync(
    join(folder.path, "lock.9"),
    JSON.stringify({ ...lockOfThis, identity: "b:1", boot: "b" }),
  );
  const data = await openDataFolder(folder.path);
  expect(data.afterPowerLoss).toBe(true);
  data.release();
  const next = await openDataFolder(folder.path);
  expect(next.afterPowerLoss).toBe(false);
  next.release();
});
