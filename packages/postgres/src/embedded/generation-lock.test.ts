import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runProgram } from "../../testing/program.ts";
import { testFolder } from "../../testing/test-folder.ts";
import {
  acquireLock,
  isTouched,
  type LockHolder,
  lockState,
  readLock,
  touchLock,
} from "./generation-lock.ts";
import { machineIdentity, processIdentity } from "./process-identity.ts";

function holder(pid = process.pid): LockHolder {
  return {
    pid,
    identity: processIdentity(pid) ?? "",
    machine: machineIdentity(),
    port: 1,
    token: "secret",
  };
}

test("one holder gets the lock, and its place is free when it is dead", async () => {
  await using folder = testFolder();
  const child = runProgram(`console.log("up"); setInterval(() => {}, 1000);`);
  await child.line();
  expect(acquireLock(folder.path, holder(child.pid))).toMatchObject({
    generation: 1,
    pid: child.pid,
  });
  expect(acquireLock(folder.path, holder())).toBeUndefined();
  await child[Symbol.asyncDispose]();
  expect(acquireLock(folder.path, holder())).toMatchObject({ generation: 2, pid: process.pid });
  expect(readdirSync(folder.path)).toEqual(["lock.2"]);
});

test("a process that has the number of the dead holder is not taken for it", async () => {
  await using folder = testFolder();
  acquireLock(folder.path, { ...holder(), identity: "another time" });
  expect(acquireLock(folder.path, holder())).toMatchObject({ generation: 2 });
});

test("the newest lock counts, whatever older ones and other files lie around", async () => {
  await using folder = testFolder();
  writeFileSync(join(folder.path, "lock.9"), JSON.stringify({ ...holder(), identity: "gone" }));
  writeFileSync(join(folder.path, "lock.10"), JSON.stringify(holder()));
  writeFileSync(join(folder.path, "lock.11x"), "");
  expect(readLock(folder.path)).toMatchObject({ generation: 10 });
  expect(acquireLock(folder.path, holder())).toBeUndefined();
});

test("a lock that is empty or nonsense belongs to nobody", async () => {
  await using folder = testFolder();
  for (const text of ["", "null", "[]", '{"pid":"1"}']) {
    const last = readLock(folder.path)?.generation ?? 0;
    writeFileSync(join(folder.path, `lock.${last + 1}`), text);
    const lock = readLock(folder.path);
    expect(lock === undefined ? "none" : lockState(lock)).toBe("free");
    expect(acquireLock(folder.path, { ...holder(), identity: "gone" })).toMatchObject({
      generation: last + 2,
    });
  }
});

test("a lock of another machine is held until it is known to be abandoned", async () => {
  await using folder = testFolder();
  const far = { ...holder(), machine: "elsewhere" };
  acquireLock(folder.path, far);
  const lock = readLock(folder.path);
  expect(lock === undefined ? "none" : lockState(lock)).toBe("elsewhere");
  expect(acquireLock(folder.path, holder())).toBeUndefined();
  expect(acquireLock(folder.path, holder(), 1)).toMatchObject({ generation: 2 });
});

test("a holder that lives touches its lock, and learns when it is gone", async () => {
  await using folder = testFolder();
  const lock = acquireLock(folder.path, holder());
  if (lock === undefined) throw new Error("not acquired");
  expect(await isTouched(lock, 300)).toBe(false);
  const touching = setInterval(() => touchLock(lock), 50);
  expect(await isTouched(lock, 2000)).toBe(true);
  clearInterval(touching);
  rmSync(lock.file);
  expect(touchLock(lock)).toBe(false);
});
