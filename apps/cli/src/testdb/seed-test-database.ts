import type { Postgres } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";
import type { SeedResult } from "@ctb-data/test-fixtures";
import type { CommandContext } from "../command-context.ts";
import type { Settings } from "../config/settings.ts";
import { openWorkProgress } from "../progress/work-progress.ts";
import { keyringOption } from "../project/keyring-option.ts";
import { bytesText } from "../terminal/bytes-text.ts";
import { countOf, durationText } from "../terminal/count-of.ts";
import { printable } from "../terminal/printable.ts";
import { renderTable } from "../terminal/table.ts";
import type { Channel } from "../terminal/terminal.ts";

/** The flags of what fills a database. */
export interface SeedFlags {
  readonly count?: number | undefined;
  readonly table?: readonly string[] | undefined;
  readonly seed?: number | undefined;
}

/**
 * Fills a database with valid rows.
 *
 * @throws {FixtureError} as `seedDatabase`. Nothing was written then.
 */
export async function seedTestDatabase(
  context: CommandContext,
  {
    db,
    project: { registry, settings },
    flags,
  }: {
    readonly db: Postgres;
    readonly project: { readonly registry: Registry; readonly settings: Settings };
    readonly flags: SeedFlags;
  },
): Promise<SeedResult> {
  const { seedDatabase } = await import("@ctb-data/test-fixtures");
  using progress = openWorkProgress(context);
  progress.onProgress({ kind: "step", step: "rows" });
  return await seedDatabase(db, {
    registry,
    ...keyringOption(settings),
    ...(flags.count === undefined ? {} : { count: flags.count }),
    ...(flags.table === undefined ? {} : { tables: flags.table }),
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
    signal: context.signal,
    // Without their bytes: rows are what was asked for.
    onProgress: ({ kind, store, items }) => {
      progress.onProgress({ kind, store, items });
    },
  });
}

/** Says how many rows each table got, and how fast. */
export function saySeeded(out: Channel, { tables, rows, bytes, durationMs }: SeedResult): void {
  if (tables.length > 0) {
    out.line(
      renderTable(out, {
        columns: [
          { title: "table", wraps: true },
          { title: "rows", align: "right" },
        ],
        rows: tables.map(({ table, rows: count }) => [
          printable(table),
          count.toLocaleString("en-US"),
        ]),
      }),
    );
    out.line();
  }
  const seconds = durationMs / 1000;
  const rate = seconds > 0 ? `, ${Math.round(rows / seconds).toLocaleString("en-US")} rows/s` : "";
  out.line(
    `${out.paint("green", "✓")} ${countOf(rows, "row")} in ${countOf(tables.length, "table")}, ${bytesText(bytes)}, after ${durationText(durationMs)}${rate}.`,
  );
}
