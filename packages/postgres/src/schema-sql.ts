import type { Registry } from "@ctb-data/registry";

/** The whole schema as SQL that runs on an empty database. The same registry gives the same text. */
export function schemaSql(registry: Registry): string {
  throw new Error(`not yet: ${registry.schema}`);
}
