import { afterAll, beforeAll, describe } from "vitest";
import { batchWriteContract } from "../testing/contract/batch-write.ts";
import { clientsContract } from "../testing/contract/clients.ts";
import { contractTests, type ContractTest } from "../testing/contract/contract-world.ts";
import { databasesContract } from "../testing/contract/databases.ts";
import { documentsContract } from "../testing/contract/documents.ts";
import { limitsContract } from "../testing/contract/limits.ts";
import { listsContract } from "../testing/contract/lists.ts";
import { masksContract } from "../testing/contract/masks.ts";
import { preconditionsContract } from "../testing/contract/preconditions.ts";
import { queriesContract } from "../testing/contract/queries.ts";
import { readTimesContract } from "../testing/contract/read-times.ts";
import { transactionsContract } from "../testing/contract/transactions.ts";
import { transformsContract } from "../testing/contract/transforms.ts";
import { valuesContract } from "../testing/contract/values.ts";
import { startFirestoreEmulator, type FirestoreEmulator } from "./index.ts";

const parts: Readonly<Record<string, (test: ContractTest) => void>> = {
  documents: documentsContract,
  masks: masksContract,
  preconditions: preconditionsContract,
  transforms: transformsContract,
  "batch writes": batchWriteContract,
  transactions: transactionsContract,
  "reads of the past": readTimesContract,
  lists: listsContract,
  queries: queriesContract,
  limits: limitsContract,
  values: valuesContract,
  databases: databasesContract,
  "client libraries": clientsContract,
};

const official = process.env["FIRESTORE_EMULATOR_HOST"];

describe("the embedded server", () => {
  let emulator: FirestoreEmulator | undefined;
  beforeAll(async () => {
    emulator = await startFirestoreEmulator({ port: 0 });
  });
  afterAll(async () => {
    await emulator?.close();
  });
  const test = contractTests(false, () => ({
    address: emulator?.address ?? "",
    isOfficial: false,
  }));
  for (const [part, declare] of Object.entries(parts)) {
    // oxlint-disable-next-line vitest/valid-title -- the names are above.
    describe(part, () => {
      declare(test);
    });
  }
});

describe.skipIf(official === undefined)("the official emulator", () => {
  const test = contractTests(true, () => ({ address: official ?? "", isOfficial: true }));
  for (const [part, declare] of Object.entries(parts)) {
    // oxlint-disable-next-line vitest/valid-title -- the names are above.
    describe(part, () => {
      declare(test);
    });
  }
});
