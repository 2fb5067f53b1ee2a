import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseKeyring, type Keyring } from "@ctb-data/models";
import { openPostgres, schemaSql, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { parseBlueprint, parseRegistry, type Registry } from "@ctb-data/registry";
import type {
  ExportingBlueprint,
  ExportOptions,
  ExportReport,
} from "../src/export/export-options.ts";
import { exportVendor } from "../src/export/export-vendor.ts";

export const exportKey = "7d3a61c0f2b84e5590ab16cc03fe27d94581ba6e0c9f7723d8e4415a6b90c2ef";

/** A database with the tables of a registry, and a folder. */
export interface ExportWorld extends AsyncDisposable {
  readonly url: string;
  readonly registry: Registry;
  readonly db: Postgres;
  readonly keyring: Keyring;
  readonly folder: string;
  readonly run: (...statements: readonly string[]) => Promise<void>;
  readonly blueprint: (exporting: string) => ExportingBlueprint;
  /** Exports to `out` in the folder unless another file is named. */
  readonly export: (exporting: string, options?: Partial<ExportOptions>) => Promise<ExportReport>;
  /** The content of a file of the folder; undefined when it is not there. */
  readonly read: (name?: string) => Promise<string | undefined>;
  readonly files: () => Promise<readonly string[]>;
}

export async function exportWorld(
  registryText: string,
  ...statements: readonly string[]
): Promise<ExportWorld> {
  const database = await createTestDatabase();
  const registry = parseRegistry(registryText, { file: "registry.yml" });
  const keyring = parseKeyring(exportKey);
  const db = await openPostgres({ url: database.url, registry, keyring, poolSize: 4 });
  const folder = await mkdtemp(join(tmpdir(), "ctb-data-export-"));
  const run = async (...list: readonly string[]): Promise<void> => {
    for (const sql of list) await db.query(sql);
  };
  await run(schemaSql(registry), ...statements);
  const world: ExportWorld = {
    url: database.url,
    registry,
    db,
    keyring,
    folder,
    run,
    blueprint: (exporting) => exportingBlueprint(exporting, registry),
    export: async (exporting, options) =>
      await exportVendor(
        { registry, postgres: db, keyring },
        {
          blueprint: exportingBlueprint(exporting, registry),
          file: join(folder, "out"),
          ...options,
        },
      ),
    read: async (name = "out") => await readFile(join(folder, name), "utf8").catch(() => undefined),
    files: async () => (await readdir(folder)).toSorted(),
    [Symbol.asyncDispose]: async () => {
      await db.close();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}

/** A blueprint of the vendor `acme` with only a way out. */
export function exportingBlueprint(exporting: string, registry: Registry): ExportingBlueprint {
  const lines = exporting.split("\n").map((line) => `  ${line}`);
  const {
    vendor,
    version,
    export: out,
  } = parseBlueprint(`vendor: acme\nversion: 1\nexport:\n${lines.join("\n")}`, registry, {
    file: "acme.yml",
  });
  if (out === undefined) throw new Error("The blueprint has no export.");
  return { vendor, version, export: out };
}
