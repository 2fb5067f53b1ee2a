import { readFile } from "node:fs/promises";
import { Blueprint, Client, ImoProcess } from "@ctb-data/models";
import type { Postgres } from "@ctb-data/postgres";
import type { BlueprintIntake, VendorBlueprint } from "@ctb-data/registry";
import { parse } from "csv-parse/sync";
import { applyIntake, type CsvRecord } from "./apply-intake.ts";

/** What one load wrote. */
export interface Load {
  readonly sector: string;
  readonly clients: number;
}

/** Reads the records of a vendor's CSV file. */
export async function readRecords(
  file: string,
  intake: BlueprintIntake,
): Promise<readonly CsvRecord[]> {
  return parse<CsvRecord>(await readFile(file), {
    columns: true,
    bom: true,
    delimiter: intake.delimiter,
  });
}

/**
 * Loads the records sector by sector: each sector is a blueprint, and each load an IMO process whose stages keep what came in, what
 * it became, and what was written. One transaction per load, so that a load is there whole or not at all.
 */
export async function loadBySector(
  db: Postgres,
  blueprint: VendorBlueprint & { readonly intake: BlueprintIntake },
  records: readonly CsvRecord[],
): Promise<readonly Load[]> {
  const bySector = Map.groupBy(records, (record) => record["GICS Sector"] ?? "");
  const loads: Load[] = [];
  for (const [sector, input] of [...bySector].toSorted(([a], [b]) => a.localeCompare(b))) {
    const rows = input.map((record) => applyIntake(blueprint.intake, record));
    await db.transaction(async (tx) => {
      const { vendor, version } = blueprint;
      const stored = await tx
        .table(Blueprint)
        .insert({ blueprint_type: "sector", config: { vendor, version, sector } });
      const clients = await tx.table(Client).insert(rows.map((row) => Client.parse(row)));
      await tx.table(ImoProcess).insert({
        blueprint_id: stored.id ?? null,
        input_stage: input.map((record) => ({ ...record })),
        middle_stage: rows.map((row) => ({ ...row })),
        output_stage: { clients: clients.flatMap(({ id }) => id ?? []) },
        status: "done",
      });
    });
    loads.push({ sector, clients: rows.length });
  }
  return loads;
}
