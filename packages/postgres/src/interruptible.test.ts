import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { Interruptible } from "./interruptible.ts";

setFlagsFromString("--expose-gc");
const collect: unknown = runInNewContext("gc");

test("what the work gives is given, until an end: then that, at once and ever after", async () => {
  const waiting = new Interruptible<"over">();
  expect(await waiting.on(Promise.resolve(1))).toBe(1);
  await expect(waiting.on(Promise.reject(new Error("mine")))).rejects.toThrow("mine");
  const never = waiting.on(new Promise(() => {}));
  waiting.end("over");
  waiting.fail(new Error("too late"));
  expect(await never).toBe("over");
  expect(await waiting.on(new Promise(() => {}))).toBe("over");
});

test("a failure ends the waiting with its error, also before it began", async () => {
  const waiting = new Interruptible();
  const never = waiting.on(new Promise(() => {}));
  waiting.fail(new Error("stopped"));
  await expect(never).rejects.toThrow("stopped");
  await expect(waiting.on(new Promise(() => {}))).rejects.toThrow("stopped");
});

test("what was waited for is not kept while the waiting goes on", async () => {
  const waiting = new Interruptible();
  const results: WeakRef<object>[] = [];
  const work = async (): Promise<object> => {
    const result = { bytes: Buffer.alloc(1000) };
    results.push(new WeakRef(result));
    return await Promise.resolve(result);
  };
  for (let n = 0; n < 20; n += 1) await waiting.on(work());
  await setImmediate();
  if (typeof collect === "function") collect();
  expect(results.slice(0, -1).filter((result) => result.deref() !== undefined)).toEqual([]);
  expect(await waiting.on(Promise.resolve("and on"))).toBe("and on");
});
