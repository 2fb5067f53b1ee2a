import type { Postgres, Transaction } from "@ctb-data/postgres";
import { openPromoter } from "../src/promote/open-promoter.ts";
import { crowd, crowdYaml } from "./promote-crowd.ts";
import { promoteWorldAt } from "./promote-world.ts";

/** Promotes the crowd in batches, and kills itself with SIGKILL at a moment: `node promote-program.ts URL MOMENT`. */
const [url, moment]: readonly [string, number] = JSON.parse(`[${process.argv.slice(2).join()}]`);
let moments = 0;

async function reach(): Promise<void> {
  if (moments === moment) {
    process.kill(process.pid, "SIGKILL");
    await new Promise(() => undefined);
  }
  moments += 1;
}

/** A moment is before each statement, and one just behind its sending. */
async function count<T>(send: () => Promise<T>): Promise<T> {
  await reach();
  const answer = send();
  answer.catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  await reach();
  return await answer;
}

/** A transaction that counts what is sent. */
function counting(tx: Transaction): Transaction {
  return new Proxy(tx, {
    get: (target, name) => {
      if (name === "query") {
        const query: Transaction["query"] = async (...parameters) =>
          await count(async () => await target.query(...parameters));
        return query;
      }
      if (name === "copyInText") {
        const copy: Transaction["copyInText"] = async (...parameters) =>
          await count(async () => await target.copyInText(...parameters));
        return copy;
      }
      if (name === "transaction") {
        const nested: Transaction["transaction"] = async (fn) =>
          await target.transaction(async (inner) => await fn(counting(inner)));
        return nested;
      }
      return Reflect.get(target, name, target);
    },
  });
}

await using world = await promoteWorldAt(url, crowdYaml);
const { registry, postgres: opened } = world;
const postgres = new Proxy(opened, {
  get: (target, name) => {
    const value: unknown = Reflect.get(target, name, target);
    if (name === "transaction") {
      const transaction: Postgres["transaction"] = async (fn, options) => {
        const result = await target.transaction(async (tx) => await fn(counting(tx)), options);
        await reach();
        return result;
      };
      return transaction;
    }
    return typeof value === "function" ? value.bind(target) : value;
  },
});
const promoter = await openPromoter({
  stores: { registry, postgres },
  table: "clients",
  collection: "intake",
  keyColumns: ["email"],
  mapped: ["name", "email", "size"],
});
for (let from = 0; from < crowd.length; from += 40)
  await promoter.promote(crowd.slice(from, from + 40), { run: 1, fence: async () => {} });
process.stdout.write(`${moments}\n`);
