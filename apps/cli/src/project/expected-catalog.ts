import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Catalog } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";
import packageJson from "../../package.json" with { type: "json" };
import type { CommandContext } from "../command-context.ts";
import type { Settings } from "../config/settings.ts";
import { failureOf } from "../failure.ts";
import { readIfThere } from "./read-if-there.ts";
import { openScratchDatabase } from "./scratch-database.ts";
import { makeStateFolder } from "./state-folder.ts";
import { writeAtomically } from "./write-atomically.ts";

/** What the database should have, or why that is not known: a full sentence. */
export type ExpectedCatalog =
  | { readonly catalog: Catalog; readonly why?: undefined }
  | { readonly catalog?: undefined; readonly why: string };

/**
 * What a database has in which nothing but the registry's SQL ran. It is read from a throwaway one on the embedded PostgreSQL, and kept
 * in the state folder for the next time.
 */
export async function expectedCatalog(
  context: CommandContext,
  settings: Settings,
  registry: Registry,
): Promise<ExpectedCatalog> {
  const { schemaSql } = await import("@ctb-data/postgres");
  const sql = schemaSql(registry);
  const hash = createHash("sha256").update(JSON.stringify([packageJson.version, sql]));
  try {
    const dir = join(await makeStateFolder(context, settings), "catalogs");
    const file = join(dir, `${hash.digest("hex").slice(0, 32)}.json`);
    const kept = parseCatalog(await readIfThere(file));
    if (kept !== undefined) return { catalog: kept };
    await using scratch = await openScratchDatabase(context, settings, {
      name: "expected",
      folder: "scratch",
    });
    await scratch.db.query(sql);
    const catalog = await scratch.db.readCatalog({
      schemas: [registry.schema],
      signal: context.signal,
    });
    await writeAtomically(file, `${JSON.stringify(catalog)}\n`);
    return { catalog };
  } catch (error) {
    context.signal.throwIfAborted();
    const { message, code } = failureOf(error);
    return {
      why: `What the registry makes of an empty database is read from an embedded PostgreSQL, which could not be used: ${message} (${code})`,
    };
  }
}

/** A file that another process was killed over, or that somebody has changed, is made again. */
function parseCatalog(text: string | undefined): Catalog | undefined {
  try {
    const value: Catalog | null = text === undefined ? null : JSON.parse(text);
    return value !== null && Array.isArray(value.tables) ? value : undefined;
  } catch {
    return undefined;
  }
}
