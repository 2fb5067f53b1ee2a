import type { Registry, VendorBlueprint } from "@ctb-data/registry";

/**
 * Puts blueprints into the order in which they are run: what takes rows into a table comes after what takes rows into the tables that
 * it refers to, directly or through others; what only goes out comes last. Where nothing says otherwise the given order stays.
 */
export function orderBlueprints<Of extends { readonly blueprint: VendorBlueprint }>(
  given: readonly Of[],
  registry: Registry,
): readonly Of[] {
  const ordered = new Set<Of>();
  const seen = new Set<string>();
  const takeTable = (table: string): void => {
    if (seen.has(table)) return;
    // Before it is left: tables may refer to each other.
    seen.add(table);
    for (const key of registry.tables.get(table)?.foreignKeys ?? []) takeTable(key.referencedTable);
    for (const each of given) {
      if (each.blueprint.intake?.table === table) ordered.add(each);
    }
  };
  for (const { blueprint } of given) {
    if (blueprint.intake !== undefined) takeTable(blueprint.intake.table);
  }
  return [...ordered, ...given.filter((each) => !ordered.has(each))];
}
