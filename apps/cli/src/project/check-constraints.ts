import type { Catalog, CatalogTable, Postgres } from "@ctb-data/postgres";
import { countOf } from "../terminal/count-of.ts";
import { printable } from "../terminal/printable.ts";
import type { Check } from "./check.ts";

/** So many are named. */
const named = 3;

/** Looks whether PostgreSQL keeps every constraint that it has: whether rows break them is for `integrity check` to say. */
export async function checkConstraints(
  db: Postgres,
  { schema, signal }: { readonly schema: string; readonly signal: AbortSignal },
): Promise<Check> {
  const catalog = await db.readCatalog({ schemas: [schema], signal });
  const name = "constraints";
  const { all, idle } = statesOf(catalog);
  if (idle.length === 0) {
    return {
      name,
      result: "ok",
      found: `${countOf(all, "reference or check", "references and checks")} of the database, all enforced; what is in the rows says ctb-data integrity check`,
    };
  }
  const shown = idle.slice(0, named).map(printable).join(", ");
  const more = idle.length > named ? `, and ${idle.length - named} more` : "";
  return {
    name,
    result: "warn",
    found: `${idle.length} of ${countOf(all, "reference or check", "references and checks")} are not kept: ${shown}${more}`,
    todo: "Rows may break them: ctb-data integrity check",
  };
}

function statesOf({ tables }: Catalog): { readonly all: number; readonly idle: readonly string[] } {
  const states = tables.flatMap(stateTexts);
  return { all: states.length, idle: states.filter((text) => text !== undefined) };
}

/** What is not as it should be with each constraint; undefined for one that is. */
function stateTexts({
  name: table,
  foreignKeys,
  checks,
}: CatalogTable): readonly (string | undefined)[] {
  const text = (name: string, state: string | undefined): string | undefined =>
    state === undefined ? undefined : `${name} of ${table} is ${state}`;
  return [
    ...foreignKeys.map(({ name, enforced, triggersEnabled, validated }) =>
      text(
        name,
        !enforced
          ? "not enforced"
          : !triggersEnabled
            ? "switched off"
            : validated
              ? undefined
              : "not validated",
      ),
    ),
    ...checks.map(({ name, enforced, validated }) =>
      text(name, !enforced ? "not enforced" : validated ? undefined : "not validated"),
    ),
  ];
}
