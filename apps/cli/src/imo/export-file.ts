import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { VendorBlueprint } from "@ctb-data/registry";
import { CliError } from "../cli-error.ts";
import { blueprintText } from "./choose-blueprint.ts";

/** What `--out` says for the records to go to stdout; everything else goes to stderr then. */
export const standardOutput = "-";

const endings = { csv: ".csv", ndjson: ".ndjson", "fixed-width": ".txt" } as const;

const exportsFolder = "exports";

interface ExportFlags {
  readonly out?: string | undefined;
  readonly dryRun?: true | undefined;
}

/**
 * Where an export goes, absolute: what `--out` says, else `exports/<vendor>.<csv|ndjson|txt>` of the project, whose folder is made. Of a table only
 * its rejected records go to a file, beside `exports/<vendor>`. Undefined for what does not go out.
 *
 * @throws {CliError} USAGE for an `--out` that nothing goes to.
 */
export async function exportFileOf(
  dir: string,
  blueprint: VendorBlueprint,
  { out, dryRun }: ExportFlags,
): Promise<string | undefined> {
  const output = blueprint.export?.output;
  if (output === undefined && out === undefined) return undefined;
  if (out !== undefined && (output === undefined || output.format === "table")) {
    const why =
      output === undefined ? "has no export" : `writes the table ${output.table}, not a file`;
    throw new CliError("USAGE", `--out is given, and ${blueprintText(blueprint)} ${why}.`, {
      hint: "Take --out away.",
    });
  }
  if (out !== undefined) return out === standardOutput ? out : resolve(dir, out);
  const ending = output === undefined || output.format === "table" ? "" : endings[output.format];
  const name = `${fileNameOf(blueprint.vendor)}${ending}`;
  const folder = join(dir, exportsFolder);
  // A dry run makes no folder, and looks whether the place where it would be made can be written.
  if (dryRun === true) return join(existsSync(folder) ? folder : dir, name);
  await mkdir(folder, { recursive: true });
  return join(folder, name);
}

/** Where the records are that an export into a table has rejected, from the project's folder. */
export function rejectsOfTable(vendor: string): string {
  return `${exportsFolder}/${fileNameOf(vendor)}.rejected.ndjson`;
}

/** A vendor's name may be any text. */
function fileNameOf(vendor: string): string {
  const name = vendor.replaceAll(/[^\p{L}\p{N}._-]+/gu, "_").replace(/^\.+/u, "_");
  return name.slice(0, 100);
}
