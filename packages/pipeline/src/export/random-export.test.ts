import { valueToText, type ModelValue } from "@ctb-data/models";
import type { ColumnType } from "@ctb-data/registry";
import { parse as parseCsv } from "csv-parse/sync";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { exportWorld, type ExportWorld } from "../../testing/export-world.ts";
import {
  columnTypesOfWide,
  randomExport,
  wideRegistry,
  type RandomExport,
  type RandomField,
} from "../../testing/random-export.ts";
import { referenceFile, type ReferenceRow } from "../../testing/reference-export.ts";

const numRuns = process.env["SLOW"] === "1" ? 100 : 10;

/** Rows as models, by a plain query without any order, and PostgreSQL's text of each value. */
async function plainRows(world: ExportWorld): Promise<readonly ReferenceRow[]> {
  const wide = await world.db.query<Readonly<Record<string, ModelValue>>>(
    'SELECT w.*, doc::text AS "docText" FROM "Wide ä" AS w',
  );
  const others = await world.db.query<Readonly<Record<string, ModelValue>>>("SELECT * FROM other");
  return wide.rows.map((row) => {
    const other = others.rows.find(({ id }) => id === row["other_id"]);
    const { docText = null, tags = null } = row;
    return {
      own: textsOf(row, columnTypesOfWide),
      other: textsOf(other ?? {}, new Map([["name", columnTypesOfWide.get("text")]])),
      docText: typeof docText === "string" ? docText : null,
      tags: Array.isArray(tags)
        ? tags.map((tag: unknown) => (typeof tag === "string" ? tag : null))
        : null,
    };
  });
}

function textsOf(
  row: Readonly<Record<string, ModelValue>>,
  types: ReadonlyMap<string, ColumnType | undefined>,
): ReadonlyMap<string, string | null> {
  return new Map(
    [...types].map(([name, type]) => {
      const value = row[name] ?? null;
      return [
        name,
        value === null || type === undefined || type.kind === "json"
          ? null
          : valueToText(type, value),
      ];
    }),
  );
}

test("every export is what slow and simple code makes of the same rows", async () => {
  await using world = await exportWorld(wideRegistry);
  await fc.assert(
    fc.asyncProperty(randomExport, async (random) => {
      await fill(world, random);
      const reference = referenceFile(await plainRows(world), random);
      // Of nothing but rejected records there is no export.
      fc.pre(reference.written > 0 || random.rows.length === 0);
      const report = await world.export(random.blueprint);
      expect(await world.read()).toBe(reference.content);
      expect(report).toMatchObject({
        read: random.rows.length,
        written: reference.written,
        rejected: reference.rejected.length,
      });
      const rejects = (await world.read("out.rejected.ndjson")) ?? "";
      expect(
        rejects
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => failuresOf(line)),
      ).toEqual(reference.rejected);
      expect(readBack(random, reference.content)).toEqual(reference.values);
    }),
    { numRuns: numRuns * 4 },
  );
});

function failuresOf(line: string): readonly string[] {
  const parsed: unknown = JSON.parse(line);
  const { place, failures } = expectRejected(parsed);
  return [place, ...failures.map(({ field, code }) => `${field} ${code}`)];
}

interface Rejected {
  readonly place: string;
  readonly failures: readonly { readonly field: string; readonly code: string }[];
}

function expectRejected(value: unknown): Rejected {
  expect(value).toMatchObject({ place: expect.any(String), record: expect.any(Object) });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a line of rejects is.
  return value as Rejected;
}

/** What csv-parse reads; of the other formats there is nothing to read back here. */
function readBack(random: RandomExport, content: string): readonly (readonly string[])[] {
  if (random.output.format !== "csv") return [];
  const { delimiter, header } = random.output;
  const lines: string[][] = parseCsv(content, { delimiter, skip_empty_lines: false, bom: true });
  return header ? lines.slice(1) : lines;
}

async function fill({ db, run }: ExportWorld, { rows, others }: RandomExport): Promise<void> {
  await run('TRUNCATE "Wide ä", other');
  if (others.length > 0) await db.copyIn("other", others);
  if (rows.length > 0) await db.copyIn("Wide ä", rows);
}

test("a field's kind of name is the vendor's to choose", () => {
  const names = fc
    .sample(randomExport, 50)
    .flatMap(({ fields }) => fields.map(({ name }: RandomField) => name));
  expect(names.some((name) => /["';\n]/.test(name))).toBe(true);
});
