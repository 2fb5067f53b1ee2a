import type { Firestore } from "@google-cloud/firestore";

/** How much each line does. */
export interface Sizes {
  readonly sequential: number;
  readonly batches: number;
  readonly batchDocuments: number;
  readonly bulk: number;
  readonly listened: number;
  /** For memory and for the selective queries. */
  readonly many: number;
  readonly selections: number;
}

export const fullSizes: Sizes = {
  sequential: 1000,
  batches: 20,
  batchDocuments: 500,
  bulk: 2000,
  listened: 1000,
  many: 100_000,
  selections: 20,
};

export const quickSizes: Sizes = {
  sequential: 100,
  batches: 4,
  batchDocuments: 250,
  bulk: 200,
  listened: 100,
  many: 5000,
  selections: 5,
};

/** What is done with one client of one contender, in a database of its own. */
export interface Line {
  readonly title: (sizes: Sizes) => string;
  /** Not timed; once for each database. */
  readonly prepare?: (db: Firestore, sizes: Sizes) => Promise<void>;
  /** Timed. @param round makes its documents new ones. */
  readonly run: (db: Firestore, sizes: Sizes, round: number) => Promise<unknown>;
  /** Not timed. What is wrong with what the run gave or left behind; `undefined` when nothing is. */
  readonly check: (
    db: Firestore,
    sizes: Sizes,
    given: unknown,
    round: number,
  ) => Promise<string | undefined>;
}

const count = (size: number): string => size.toLocaleString("en-US");
const document = (n: number): { n: number; name: string; active: boolean } => ({
  n,
  name: `Number ${n}`,
  active: n % 2 === 0,
});
const numbers = (size: number): number[] => Array.from({ length: size }, (_, n) => n);

/** The lines by name, in the order of the table. */
export const lines = {
  sets: {
    title: ({ sequential }) => `${count(sequential)} sequential sets`,
    run: async (db, { sequential }, round) => {
      for (const n of numbers(sequential)) await db.doc(`sets${round}/d${n}`).set(document(n));
    },
    check: async (db, { sequential }, _given, round) =>
      await wrongNumbers(db, `sets${round}`, sequential),
  },
  gets: {
    title: ({ sequential }) => `${count(sequential)} sequential gets`,
    prepare: async (db, { sequential }) => {
      await writeBatches(db, "gets", sequential, 500);
    },
    run: async (db, { sequential }) => {
      let sum = 0;
      for (const n of numbers(sequential)) {
        sum += Number((await db.doc(`gets/d${n}`).get()).get("n"));
      }
      return sum;
    },
    check: async (_db, { sequential }, given) =>
      given === sumBelow(sequential) ? undefined : `the sum is ${String(given)}`,
  },
  batches: {
    title: ({ batches, batchDocuments }) => `${batches} batches of ${batchDocuments}`,
    run: async (db, { batches, batchDocuments }, round) => {
      await writeBatches(db, `batches${round}`, batches * batchDocuments, batchDocuments);
    },
    check: async (db, { batches, batchDocuments }, _given, round) =>
      await wrongNumbers(db, `batches${round}`, batches * batchDocuments),
  },
  query: {
    title: ({ batches, batchDocuments }) =>
      `a query of ${count(batches * batchDocuments)} documents`,
    prepare: async (db, { batches, batchDocuments }) => {
      await writeBatches(db, "query", batches * batchDocuments, batchDocuments);
    },
    run: async (db) => (await db.collection("query").get()).docs.map((one) => Number(one.get("n"))),
    check: async (_db, { batches, batchDocuments }, given) =>
      sameNumbers(given, numbers(batches * batchDocuments)),
  },
  contended20: contended(20),
  contended50: contended(50),
  bulk: {
    title: ({ bulk }) => `${count(bulk)} BulkWriter writes`,
    run: async (db, { bulk }, round) => {
      const writer = db.bulkWriter({ throttling: false });
      const written = Promise.all(
        numbers(bulk).map(async (n) => await writer.set(db.doc(`bulk${round}/d${n}`), document(n))),
      );
      await Promise.all([written, writer.close()]);
    },
    check: async (db, { bulk }, _given, round) => await wrongNumbers(db, `bulk${round}`, bulk),
  },
  listen: {
    title: ({ listened }) => `one listener seeing ${count(listened)} changes`,
    run: async (db, { listened }, round) => await listen(db, listened, round),
    check: async (_db, { listened }, given) => sameNumbers(given, numbers(listened)),
  },
} satisfies Readonly<Record<string, Line>>;

/** The lines over many documents, which `writeMany` has written to the database before. */
export const selectiveLines = {
  equality: {
    title: ({ many, selections }) => `${selections} queries by equality among ${count(many)}`,
    run: async (db, { many, selections }) => {
      const found: number[] = [];
      for (const n of numbers(selections)) {
        const { docs } = await db
          .collection("many")
          .where("group", "==", groupOf(n * 31, many))
          .get();
        found.push(...docs.map((one) => Number(one.get("group"))));
      }
      return found;
    },
    check: async (_db, { many, selections }, given) =>
      sameNumbers(
        given,
        numbers(selections).flatMap((n) =>
          Array.from({ length: groupSize }, () => groupOf(n * 31, many)),
        ),
      ),
  },
  range: {
    title: ({ many, selections }) =>
      `${selections} queries by range, ordered, limit 20, among ${count(many)}`,
    run: async (db, { many, selections }) => {
      const found: number[] = [];
      for (const n of numbers(selections)) {
        const from = rangeStart(n, many);
        const { docs } = await db
          .collection("many")
          .where("rank", ">=", from)
          .orderBy("rank")
          .limit(rangeLimit)
          .get();
        found.push(...docs.map((one) => Number(one.get("rank"))));
      }
      return found;
    },
    check: async (_db, { many, selections }, given) =>
      sameNumbers(
        given,
        numbers(selections).flatMap((n) =>
          numbers(rangeLimit).map((one) => rangeStart(n, many) + one),
        ),
      ),
  },
} satisfies Readonly<Record<string, Line>>;

const groupSize = 10;
const rangeLimit = 20;
const groupOf = (n: number, many: number): number => n % (many / groupSize);
const rangeStart = (n: number, many: number): number => (n * 4099) % (many - rangeLimit);

/** Writes many small documents: ten of each `group`, and each `rank` once, in another order than their names. */
export async function writeMany(db: Firestore, { many }: Sizes): Promise<void> {
  const size = 500;
  for (let from = 0; from < many; from += size) {
    const batch = db.batch();
    for (let n = from; n < Math.min(many, from + size); n += 1) {
      batch.set(db.doc(`many/d${n}`), {
        group: groupOf(n, many),
        // 7919 is a prime that divides no size in use: every rank comes once.
        rank: (n * 7919) % many,
        name: `Number ${n}`,
      });
    }
    await batch.commit();
  }
}

function contended(transactions: number): Line {
  return {
    title: () => `${transactions} concurrent increments of one document`,
    run: async (db, _sizes, round) => {
      const ref = db.doc(`contended${transactions}/d${round}`);
      await ref.set({ n: 0 });
      await Promise.all(
        numbers(transactions).map(async () => {
          await db.runTransaction(async (transaction) => {
            const n = Number((await transaction.get(ref)).get("n"));
            transaction.update(ref, { n: n + 1 });
          });
        }),
      );
    },
    check: async (db, _sizes, _given, round) => {
      const n: unknown = (await db.doc(`contended${transactions}/d${round}`).get()).get("n");
      return n === transactions ? undefined : `${transactions - Number(n)} updates are lost`;
    },
  };
}

/** Writes with ten requests under way, and ends when the listener has been told of the last. */
async function listen(db: Firestore, size: number, round: number): Promise<number[]> {
  const collection = db.collection(`listen${round}`);
  const seen = new Set<number>();
  return await new Promise((resolve, reject) => {
    let writing: Promise<unknown> | undefined;
    const stop = collection.onSnapshot((snapshot) => {
      for (const change of snapshot.docChanges()) seen.add(Number(change.doc.get("n")));
      // The first snapshot says that the listener is there.
      writing ??= writeAll().catch(reject);
      if (seen.size < size) return;
      stop();
      resolve([...seen].toSorted((a, b) => a - b));
    }, reject);
    const writeAll = async (): Promise<void> => {
      const rest = numbers(size).values();
      const workers = numbers(10).map(async () => {
        for (const n of rest) await collection.doc(`d${n}`).set(document(n));
      });
      await Promise.all(workers);
    };
  });
}

async function writeBatches(
  db: Firestore,
  collection: string,
  size: number,
  batchSize: number,
): Promise<void> {
  for (let from = 0; from < size; from += batchSize) {
    const batch = db.batch();
    for (let n = from; n < Math.min(size, from + batchSize); n += 1) {
      batch.set(db.doc(`${collection}/d${n}`), document(n));
    }
    await batch.commit();
  }
}

async function wrongNumbers(
  db: Firestore,
  collection: string,
  size: number,
): Promise<string | undefined> {
  const { docs } = await db.collection(collection).get();
  return sameNumbers(
    docs.map((one) => Number(one.get("n"))),
    numbers(size),
  );
}

/** Whether these are the numbers, in any order. */
function sameNumbers(given: unknown, wanted: readonly number[]): string | undefined {
  if (!Array.isArray(given)) return "it gave no documents";
  if (given.length !== wanted.length) return `${given.length} of ${wanted.length} documents`;
  const sorted = given.map(Number).toSorted((a, b) => a - b);
  const expected = wanted.toSorted((a, b) => a - b);
  return sorted.every((n, at) => n === expected[at]) ? undefined : "other documents than asked for";
}

function sumBelow(size: number): number {
  return (size * (size - 1)) / 2;
}
