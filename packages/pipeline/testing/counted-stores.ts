import type { Firestore, RawAccess, RawSnapshot } from "@ctb-data/firestore";
import type { Postgres, Transaction } from "@ctb-data/postgres";
import type { BothStores } from "../src/work-options.ts";

/** Is awaited before and behind everything that is asked of a store. What it throws is what that fails with. */
export type OnMoment = (name: string) => Promise<void>;

/** The same stores, which tell of every moment. Sessions that are lent, as that of a heartbeat, tell of none. */
export function countedStores(stores: BothStores, onMoment: OnMoment): BothStores {
  return {
    ...stores,
    postgres: countedPostgres(stores.postgres, onMoment),
    firestore: countedFirestore(stores.firestore, onMoment),
  };
}

function countedPostgres(postgres: Postgres, onMoment: OnMoment): Postgres {
  const transaction: Postgres["transaction"] = async (fn, options) => {
    const result = await postgres.transaction(async (tx) => {
      const value = await fn(countedTransaction(tx, onMoment));
      await onMoment("before COMMIT");
      return value;
    }, options);
    await onMoment("behind COMMIT");
    return result;
  };
  return overlaid(postgres, { transaction });
}

function countedTransaction(tx: Transaction, onMoment: OnMoment): Transaction {
  const query: Transaction["query"] = async (...parameters) => {
    const result = await tx.query<never>(...parameters);
    await onMoment("behind a statement");
    return result;
  };
  return overlaid(tx, { query });
}

function countedFirestore(firestore: Firestore, onMoment: OnMoment): Firestore {
  const { raw } = firestore;
  const counted = overlaid(raw, {
    snapshot: async (options) => {
      await onMoment("before a snapshot");
      return countedSnapshot(await raw.snapshot(options), onMoment);
    },
    write: async (writes, options) => {
      await onMoment("before writes");
      const summary = await raw.write(writes, options);
      await onMoment("behind writes");
      return summary;
    },
  } satisfies Partial<RawAccess>);
  return overlaid(firestore, { raw: counted });
}

function countedSnapshot(snapshot: RawSnapshot, onMoment: OnMoment): RawSnapshot {
  return overlaid(snapshot, {
    async *read(range, options) {
      for await (const batch of snapshot.read(range, options)) {
        await onMoment("behind a read");
        yield batch;
      }
    },
    get: async (paths, options) => {
      const batch = await snapshot.get(paths, options);
      await onMoment("behind a get");
      return batch;
    },
  } satisfies Partial<RawSnapshot>);
}

/** An object with some of its members in the place of its own. */
function overlaid<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get: (_, name) => {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
