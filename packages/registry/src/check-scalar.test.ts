import { expect, test } from "vitest";
import { checkBlueprint, parseRegistry } from "./index.ts";

const registry = parseRegistry(`
tables:
  t:
    columns:
      - { name: id, type: integer, pk: true }
      - { name: inet, type: inet }
      - { name: bytes, type: bytea }
      - { name: span, type: interval }
      - { name: clock, type: time }
      - { name: at, type: timestamptz }
      - { name: day, type: date }
      - { name: float, type: real }
      - { name: dec, type: numeric }
`);

function problemsOf(column: string, value: string): readonly string[] {
  const text = JSON.stringify({
    vendor: "v",
    version: "1",
    export: { source: "t", where: { [column]: value }, fields: [{ name: "A", from: "id" }] },
  });
  return checkBlueprint({ file: "b", text }, registry).problems.map(({ message }) => message);
}

test.each([
  ["inet", "10.0.0", "inet"],
  ["inet", "example.org", "inet"],
  ["bytes", "00ff", "bytea"],
  ["bytes", String.raw`\x0`, "bytea"],
  ["span", "soon", "interval"],
  ["clock", "24:30:00", "time"],
  ["clock", "23:59:61", "time"],
  ["at", "2026-01-01 00:00:00+16", "timestamptz"],
  ["day", "5874898-01-01", "date"],
  ["float", "1e39", "real"],
  ["dec", "1e200000", "numeric"],
])(
  "%s cannot be %s, which PostgreSQL would only say when the rows are read",
  (column, value, type) => {
    expect(problemsOf(column, value)).toEqual([
      `${JSON.stringify(value)} is not a value of ${type}`,
    ]);
  },
);

test.each([
  ["inet", "10.0.0.1/8"],
  ["inet", "::ffff:1.2.3.4"],
  ["bytes", String.raw`\x00FF`],
  ["span", "1 day -02:03:04.5"],
  ["span", "P1Y2M"],
  ["clock", "24:00:00"],
  ["at", "2026-01-01T00:00:00.5+05:45"],
  ["day", "0044-03-15 BC"],
  ["float", "3.4e38"],
  ["dec", "NaN"],
  ["dec", "-1e-100"],
])("%s can be %s", (column, value) => {
  expect(problemsOf(column, value)).toEqual([]);
});
