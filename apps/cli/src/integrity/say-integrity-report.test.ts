import { stripVTControlCharacters } from "node:util";
import type { Finding, IntegrityReport } from "@ctb-data/integrity";
import { describe, expect, test } from "vitest";
import { recordingChannel } from "../../testing/recording-channel.ts";
import { displayWidth } from "../terminal/display-width.ts";
import { sayIntegrityReport } from "./say-integrity-report.ts";

const orphan: Finding = {
  id: "orphan:orders(customer_id)->customers(id)",
  kind: "orphan",
  severity: "error",
  store: "postgres",
  table: "orders",
  columns: ["customer_id"],
  message: "12 rows of orders refer to rows of customers that are not there.",
  count: 12,
  examples: [
    { key: { id: "1" }, values: { customer_id: "99" } },
    { key: { region: "north west", id: "2" }, values: { customer_id: null } },
  ],
  fix: {
    summary: "Moves 12 rows of orders to ctb_data.quarantine.",
    statements: [
      "-- keeps 12 rows",
      'DELETE FROM "orders"\n  WHERE NOT EXISTS (SELECT FROM "customers")',
      'ALTER TABLE "orders" VALIDATE CONSTRAINT "orders_customer_id_fkey"',
      "SELECT 3",
      "SELECT 4",
    ],
  },
};

const drift: Finding = {
  id: "drift:orders.note",
  kind: "drift",
  severity: "warning",
  store: "postgres",
  table: "orders",
  message: "The column note of orders is not in the database.",
  count: 1,
  examples: [],
  advice: 'Write a migration:\nALTER TABLE "orders"\n  ADD COLUMN "note" text;',
};

const dangling: Finding = {
  id: "dangling:notes.author",
  kind: "dangling_document",
  severity: "error",
  store: "firestore",
  collection: "notes",
  field: "author",
  message: "1 document of notes refers to a client that is not there.",
  count: 1,
  examples: [{ key: { path: "notes/7" }, detail: "clients/3 is gone" }],
};

const report: IntegrityReport = {
  ok: false,
  snapshotAt: "2026-11-23T00:15:07.123Z",
  readTime: "2026-11-23T00:15:07.456Z",
  rows: 1234,
  documents: 40,
  findings: [orphan, dangling, drift],
  notChecked: ["The table secrets: permission denied."],
};

const said = (
  what: IntegrityReport,
  { columns, statements = false }: { columns?: number; statements?: boolean } = {},
): string => {
  const out = recordingChannel(columns, columns !== undefined);
  sayIntegrityReport(out, what, {
    statements,
    ms: 3400,
    fixCommand: "ctb-data integrity fix --dry-run",
  });
  return out.text();
};

test("each finding is one block: what, examples with their keys, what a fix would do or a person can, its id", () => {
  expect(said(report)).toBe(`orders
  error 12 rows of orders refer to rows of customers that are not there.
    · id=1: customer_id=99
    · region="north west", id=2: customer_id=null
    · …
    fix: Moves 12 rows of orders to ctb_data.quarantine.
      DELETE FROM "orders" WHERE NOT EXISTS (SELECT FROM "customers")
      ALTER TABLE "orders" VALIDATE CONSTRAINT "orders_customer_id_fkey"
      … 2 more statements: --statements
    id: orphan:orders(customer_id)->customers(id)
  warning The column note of orders is not in the database.
    to do: Write a migration:
      ALTER TABLE "orders"
        ADD COLUMN "note" text;
    id: drift:orders.note

notes (Firestore)
  error 1 document of notes refers to a client that is not there.
    · notes/7 (clients/3 is gone)
    id: dangling:notes.author

not checked: The table secrets: permission denied.
✗ 2 errors and 1 warning found: 1,234 rows and 40 documents as of 2026-11-23 00:15:07 UTC; 3.4 s.
Next: ctb-data integrity fix --dry-run
`);
});

test("with --statements every statement stands there as it is", () => {
  const text = said(report, { statements: true });
  expect(text).toContain(
    '      -- keeps 12 rows\n      DELETE FROM "orders"\n        WHERE NOT EXISTS (SELECT FROM "customers");\n      ALTER TABLE',
  );
  expect(text).toContain("\n      SELECT 3;\n      SELECT 4;\n");
});

test("what is well says so, with what was looked at, and names no next command", () => {
  const well = { ...report, ok: true, findings: [], notChecked: [], readTime: undefined };
  expect(said(well)).toBe("✓ Nothing is wrong: 1,234 rows as of 2026-11-23 00:15:07 UTC; 3.4 s.\n");
  const noted = { ...well, findings: [{ ...drift, severity: "note" as const }] };
  expect(said(noted)).toContain("✓ Nothing is wrong, only 1 note: 1,234 rows");
});

const words = (text: string): readonly string[] => stripVTControlCharacters(text).split(/\s+/u);

describe("on a terminal", () => {
  test.each([40, 60, 80])("no line but ids and statements is wider than %i columns", (columns) => {
    const long = "x".repeat(120);
    const wide = { ...orphan, examples: [{ key: { id: "1" }, values: { name: long } }] };
    const text = said({ ...report, findings: [wide, drift] }, { columns });
    const lines = stripVTControlCharacters(text).split("\n");
    expect(
      lines.filter((line) => displayWidth(line) > columns && !/^ {4}id: /u.test(line)),
    ).toEqual([]);
    expect(lines.join("").replaceAll(" ", "")).toContain(`name=${long}`);
    expect(lines).toContain("    id: orphan:orders(customer_id)->customers(id)");
  });

  test("a wrapped line has the same words as one that is not", () => {
    const narrow = words(said({ ...report, findings: [drift, dangling] }, { columns: 45 }));
    expect(narrow).toEqual(words(said({ ...report, findings: [drift, dangling] })));
  });
});

test("values and names of others cannot forge lines or move the cursor", () => {
  const evil = "a\u001b[2K\r\n✓ fine";
  const text = said({
    ...report,
    findings: [
      {
        ...orphan,
        id: evil,
        table: evil,
        message: evil,
        advice: evil,
        examples: [{ key: { [evil]: evil }, values: { [evil]: evil }, detail: evil }],
        fix: { summary: evil, statements: [`SELECT '${evil}'`] },
      },
    ],
    notChecked: [evil],
  });
  expect(text).not.toMatch(/[^\P{Cc}\n]/u);
  expect(text.split("\n").filter((line) => line.startsWith("✓"))).toEqual([]);
});
