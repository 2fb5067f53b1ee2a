import type { Registry } from "@ctb-data/registry";

/** A generated file. */
export interface GeneratedFile {
  /** Relative, with forward slashes. */
  readonly path: string;
  readonly content: string;
}

/** `schema.sql`, `entities.ts` for MikroORM and `database.ts` for Kysely. The same registry gives the same bytes. */
export function generatePostgresFiles(registry: Registry): readonly GeneratedFile[] {
  throw new Error(`not yet: ${registry.schema}`);
}
