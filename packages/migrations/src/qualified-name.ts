import { quoteIdentifier } from "@ctb-data/postgres";
import type { ObjectName } from "./migration-file.ts";

/** `schema.name` as SQL needs it; without a schema, what `search_path` finds. */
export function qualifiedName({ schema, name }: ObjectName): string {
  return schema === undefined
    ? quoteIdentifier(name)
    : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}
