import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { openDocumentWorld } from "../../testing/document-world.ts";
import { checkDocuments } from "./check-documents.ts";

const registry = `tables:
  things:
    columns:
      - { name: id, type: text, pk: true }
      - { name: name, type: text }
      - { name: config, type: jsonb }
    firestore: { collection: things }
`;

setFlagsFromString("--expose-gc");
const collect: unknown = runInNewContext("gc");

function heapBytes(): number {
  if (typeof collect === "function") collect();
  return process.memoryUsage().heapUsed;
}

const isSlow = process.env["SLOW"] !== undefined;
const many = 50_000;

// Documents of a kibibyte, so that all of them are far more than what is allowed here.
test.runIf(isSlow)(
  "memory does not grow with the documents that are checked",
  { timeout: 400_000 },
  async () => {
    await using world = await openDocumentWorld(registry);
    const { postgres, firestore } = world;
    const filling = "x".repeat(1000);
    await postgres.query(
      `INSERT INTO things SELECT 'k' || n, 'name ' || n, jsonb_build_object('n', n, 'filling', $2::text) FROM generate_series(1, $1::int) n`,
      [many, filling],
    );
    const lines = function* (): Generator<{ readonly op: "set"; readonly line: string }> {
      for (let n = 1; n <= many; n += 1)
        yield {
          op: "set",
          line: firestore.raw.lineOf(`things/k${n}`, {
            name: n % 1000 === 0 ? "other" : `name ${n}`,
            config: { n, filling },
          }),
        };
    };
    await firestore.raw.write(lines(), { ramp: false });
    let most = 0;
    let events = 0;
    const before = heapBytes();
    const report = await world.withStores(
      async (stores) =>
        await checkDocuments(stores, {
          settleMs: 0,
          connections: 2,
          onProgress: () => {
            events += 1;
            if (events % 20 === 0) most = Math.max(most, heapBytes() - before);
          },
        }),
    );
    expect(report).toMatchObject({ documents: many, notChecked: [] });
    expect(report.findings).toMatchObject([
      { id: "different_field:things.name", count: many / 1000 },
    ]);
    expect(events).toBeGreaterThan(100);
    expect(most).toBeLessThan(50 * 2 ** 20);
  },
);
