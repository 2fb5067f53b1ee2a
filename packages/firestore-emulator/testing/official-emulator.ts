import { nameOf } from "../src/name/resource-name.ts";
import type { AggregationMessage, StructuredQuery } from "../src/protocol/messages.ts";
import { messageType } from "../src/protocol/protocol.ts";
import type { MapValue } from "../src/value/value.ts";
import { RawClient, type RawAnswer, type RawMessage } from "./raw-client.ts";

/** Stands for a null where protobufjs would leave the field out. */
const explicitNull = Object.freeze({ nullValue: 0 });

/** Lets a message's own field be a null value; within arrays and maps it can be already. */
function encodeExplicitNulls(): void {
  const type = messageType("Value");
  const encode = type.encode.bind(type);
  Object.assign(type, {
    encode: (message: unknown, writer: Parameters<typeof encode>[1]) =>
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- protobufjs has no type for a null.
      encode((message === explicitNull ? null : message) as RawMessage, writer),
  });
}

/** The official emulator as a query sees it, for tests that compare answers with it. */
export class OfficialEmulator {
  readonly database: string;
  readonly #client: RawClient;

  /** @param address of the emulator, `host:port`. */
  constructor(address: string, database: string) {
    encodeExplicitNulls();
    this.#client = new RawClient(address);
    this.database = database;
  }

  async write(documents: ReadonlyMap<string, MapValue>): Promise<void> {
    const writes = [...documents].map(([path, fields]) => ({
      update: { name: `${this.database}/documents/${path}`, fields },
    }));
    const { code, details } = await this.#client.call("Commit", {
      database: this.database,
      writes,
    });
    if (code !== 0) throw new Error(`The emulator refused the documents: ${details}`);
  }

  async clear(paths: Iterable<string>): Promise<void> {
    const writes = [...paths].map((path) => ({ delete: `${this.database}/documents/${path}` }));
    await this.#client.call("Commit", { database: this.database, writes });
  }

  async query(parent: string, structuredQuery: StructuredQuery): Promise<RawAnswer> {
    const answer = await this.#client.call("RunQuery", {
      parent: nameOf(this.database, parent),
      structuredQuery: withExplicitNulls(structuredQuery),
    });
    return inCloudWords(answer);
  }

  async aggregation(
    parent: string,
    structuredQuery: StructuredQuery,
    aggregations: readonly AggregationMessage[],
  ): Promise<RawAnswer> {
    const answer = await this.#client.call("RunAggregationQuery", {
      parent: nameOf(this.database, parent),
      structuredAggregationQuery: {
        structuredQuery: withExplicitNulls(structuredQuery),
        aggregations,
      },
    });
    return inCloudWords(answer);
  }

  close(): void {
    this.#client.close();
  }
}

/** Two refusals that the cloud words in another way than its emulator. */
const cloudWords: readonly (readonly [string, string])[] = [
  ["requires an index that has fields", "requires an index with fields"],
  [
    "collection group queries are only allowed if they're at the root or they're an ascending primary key scan",
    "The query requires an index. There can be none: below a document, a collection group is read by ascending names only.",
  ],
];

function inCloudWords(answer: RawAnswer): RawAnswer {
  let { details } = answer;
  for (const [emulator, cloud] of cloudWords) details = details.replace(emulator, cloud);
  return { ...answer, details };
}

type Filter = NonNullable<StructuredQuery["where"]>;

function withExplicitNulls(query: StructuredQuery): RawMessage {
  return { ...query, where: query.where && filterWithNulls(query.where) };
}

function filterWithNulls({ compositeFilter, fieldFilter, unaryFilter }: Filter): RawMessage {
  if (compositeFilter) {
    const filters = compositeFilter.filters.map(filterWithNulls);
    return { compositeFilter: { ...compositeFilter, filters } };
  }
  if (fieldFilter?.value === null) return { fieldFilter: { ...fieldFilter, value: explicitNull } };
  return fieldFilter ? { fieldFilter } : { unaryFilter };
}
