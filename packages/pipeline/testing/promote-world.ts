import { createHash } from "node:crypto";
import { parseKeyring } from "@ctb-data/models";
import { openPostgres, schemaSql, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import { openPromoter } from "../src/promote/open-promoter.ts";
import { ensurePromotionTables } from "../src/promote/promotion-tables.ts";
import type { PromoterOptions } from "../src/promote/promotion-target.ts";
import type { PromotableDocument, PromotedBatch, Promoter } from "../src/promote/promotion.ts";

/** A document for a test: its row, what else differs from the usual, and its version. */
export interface GivenDocument {
  readonly row?: PromotableDocument["row"];
  readonly references?: PromotableDocument["references"];
  /** Microseconds since 1970. */
  readonly at?: number;
}

export type PromoterSetting = Partial<
  Pick<PromoterOptions, "table" | "collection" | "keyColumns" | "constants" | "mapped">
>;

/** A database with the tables of a registry, and the table of promotions. */
export interface PromoteWorld extends AsyncDisposable {
  readonly url: string;
  readonly registry: Registry;
  readonly postgres: Postgres;
  promoter(setting?: PromoterSetting): Promise<Promoter>;
  /** The rows of one statement; of several, of the last. */
  sql(text: string): Promise<readonly Record<string, unknown>[]>;
}

export const testKeyring = parseKeyring(createHash("sha256").update("promote").digest("base64"));

/** Makes one of the YAML of a registry; promoters are for `clients`, from `intake`, by `email`, unless they say otherwise. */
export async function promoteWorld(yaml: string): Promise<PromoteWorld> {
  const database = await createTestDatabase();
  const world = await promoteWorldAt(database.url, yaml);
  await world.postgres.query(schemaSql(world.registry));
  await ensurePromotionTables(world.postgres);
  return {
    ...world,
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]();
      await database.drop();
    },
  };
}

/** The same of a database that is there, as it is. */
export async function promoteWorldAt(url: string, yaml: string): Promise<PromoteWorld> {
  const registry = parseRegistry(yaml, { file: "registry.yml" });
  const postgres = await openPostgres({ url, registry, keyring: testKeyring });
  return {
    url,
    registry,
    postgres,
    promoter: async (setting = {}) =>
      await openPromoter({
        stores: { registry, postgres, keyring: testKeyring },
        table: "clients",
        collection: "intake",
        keyColumns: ["email"],
        mapped: setting.keyColumns ?? ["email"],
        ...setting,
      }),
    sql: async (text) => (await postgres.query(text)).rows,
    [Symbol.asyncDispose]: async () => await postgres.close(),
  };
}

/** Documents by their ids, with hashes of their content. */
export function documentsOf(
  given: Readonly<Record<string, GivenDocument>>,
): readonly PromotableDocument[] {
  return Object.entries(given).map(([id, { row = {}, references = [], at = 1_000_000 }]) => {
    const content = JSON.stringify([row, references], (_key, value: unknown) =>
      typeof value === "bigint" ? `${value}n` : value,
    );
    const contentHash = createHash("sha256").update(content).digest("hex");
    return { id, row, references, updateTimeUs: at, contentHash };
  });
}

/** Promotes documents in one batch of run 1. */
export async function promoteAll(
  promoter: Promoter,
  given: Readonly<Record<string, GivenDocument>>,
): Promise<PromotedBatch> {
  return await promoter.promote(documentsOf(given), { run: 1, fence: async () => {} });
}

/** `inserted`, `updated`, …, `superseded`, `waiting missing_reference`, `refused duplicate_key` by id. */
export function wordsOf({ outcomes }: PromotedBatch): Readonly<Record<string, string>> {
  return Object.fromEntries(
    outcomes.map((outcome) => {
      if (outcome.kind === "promoted") return [outcome.id, outcome.how];
      if (outcome.kind === "superseded") return [outcome.id, outcome.kind];
      const codes = outcome.failures.map(({ code }) => code);
      return [outcome.id, [outcome.kind, ...codes].join(" ")];
    }),
  );
}
