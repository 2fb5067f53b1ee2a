import { type BlueprintIntake, parseBlueprint, parseRegistry } from "@ctb-data/registry";
import { describe, expect, test } from "vitest";
import { applyIntake } from "./apply-intake.ts";

const registry = parseRegistry(`tables:
  clients:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: name, type: text, nullable: false }
      - { name: kind, type: text }
`);

function intakeOf(columns: string): BlueprintIntake {
  const { intake } = parseBlueprint(
    `vendor: v
version: "1"
intake:
  format: csv
  table: clients
  key: [Symbol]
  columns:
    name: { from: Security, required: true, trim: true }
${columns}`,
    registry,
  );
  if (intake === undefined) {
    throw new Error("The blueprint has no intake.");
  }
  return intake;
}

describe("applyIntake", () => {
  test("takes each column from where the blueprint says", () => {
    const intake = intakeOf("    kind: Sector\n");
    expect(applyIntake(intake, { Symbol: "MMM", Security: " 3M ", Sector: "Industrials" })).toEqual(
      {
        name: "3M",
        kind: "Industrials",
      },
    );
  });

  test("a value that is not there is null, or the default", () => {
    const record = { Symbol: "MMM", Security: "3M", Sector: "" };
    expect(applyIntake(intakeOf("    kind: Sector\n"), record)).toMatchObject({ kind: null });
    const intake = intakeOf("    kind: { from: Sector, default: none }\n");
    expect(applyIntake(intake, record)).toMatchObject({ kind: "none" });
  });

  test("a record without a required value is refused", () => {
    const intake = intakeOf("    kind: Sector\n");
    expect(() => applyIntake(intake, { Symbol: "MMM", Security: " ", Sector: "x" })).toThrow(
      "A record has no Security, and name requires it.",
    );
  });

  test("values are mapped, and one that is unknown is refused", () => {
    const intake = intakeOf("    kind: { from: Sector, values: { Energy: E } }\n");
    const record = { Symbol: "X", Security: "Exxon", Sector: "Energy" };
    expect(applyIntake(intake, record)).toMatchObject({ kind: "E" });
    expect(() => applyIntake(intake, { ...record, Sector: "Other" })).toThrow(
      'Sector "Other" is not among the values of kind.',
    );
  });
});
