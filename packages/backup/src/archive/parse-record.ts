import type { z } from "zod";
import { BackupError } from "../backup-error.ts";
import { archiveFormat } from "./backup-manifest.ts";

/** Where a text came from, for messages. */
export interface RecordPlace {
  readonly key: string;
  readonly backup: string;
}

/**
 * A JSON text of the archive, checked against its shape.
 *
 * @throws {BackupError} UNKNOWN_FORMAT for an archive of a newer program, CORRUPT for anything else that does not fit.
 */
export function parseRecord<Shape extends z.ZodType>(
  shape: Shape,
  body: Uint8Array,
  place: RecordPlace,
): z.output<Shape> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw new BackupError("CORRUPT", `${place.key} is not JSON in UTF-8.`, { ...place, cause });
  }
  const format = formatOf(json);
  if (typeof format === "number" && format > archiveFormat) {
    throw new BackupError(
      "UNKNOWN_FORMAT",
      `${place.key} is of format ${format}; this program knows formats up to ${archiveFormat}.`,
      { ...place, hint: "Use a newer ctb-data, or follow the RESTORE.md in the backup." },
    );
  }
  const parsed = shape.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
  throw new BackupError(
    "CORRUPT",
    `${place.key} does not have the shape of its format${where}: ${issue?.message ?? "unknown"}.`,
    place,
  );
}

function formatOf(json: unknown): unknown {
  return typeof json === "object" && json !== null && "format" in json ? json.format : undefined;
}
