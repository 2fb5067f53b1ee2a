import { EventEmitter, once } from "node:events";
import { expect, test } from "vitest";
import { WarmPool } from "./warm-pool.ts";

test("as many lie ready as shall, one at a time is made, and what nobody took is given back", async () => {
  let [made, atOnce, most] = [0, 0, 0];
  const discarded: number[] = [];
  const pool = new WarmPool({
    size: 3,
    make: async (lane) => {
      if (lane === "later") most = Math.max(most, (atOnce += 1));
      await Promise.resolve();
      if (lane === "later") atOnce -= 1;
      return (made += 1);
    },
    discard: async (item: number) => void discarded.push(item),
  });
  await pool.filled();
  expect([pool.ready, most]).toEqual([3, 1]);
  expect([await pool.take(), await pool.take()]).toEqual([1, 2]);
  await pool.filled();
  expect([pool.ready, made]).toEqual([3, 5]);
  await pool.close();
  expect(discarded).toEqual([3, 4, 5]);
  await expect(pool.take()).rejects.toMatchObject({ code: "CLOSED" });
});

test("what cannot be made in the background is told to whoever takes one, and not before", async () => {
  let works = false;
  const pool = new WarmPool({
    size: 2,
    make: async () => {
      if (!works) throw new Error("no");
      return "one";
    },
    discard: async () => {},
  });
  await pool.filled();
  await expect(pool.take()).rejects.toThrow("no");
  works = true;
  expect(await pool.take()).toBe("one");
  await pool.filled();
  expect(pool.ready).toBe(2);
  await pool.close();
});

test("one that is made while the pool closes is given back", async () => {
  const discarded: string[] = [];
  const gate = new EventEmitter();
  const pool = new WarmPool({
    size: 1,
    make: async () => {
      await once(gate, "open");
      return "late";
    },
    discard: async (item: string) => void discarded.push(item),
  });
  const filling = pool.filled();
  const closing = pool.close();
  gate.emit("open");
  await Promise.all([filling, closing]);
  expect(discarded).toEqual(["late"]);
});
