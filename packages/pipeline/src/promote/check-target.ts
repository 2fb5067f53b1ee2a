import { nearestName } from "@ctb-data/models";
import type { Registry, Table } from "@ctb-data/registry";
import { PipelineError } from "../pipeline-error.ts";
import type { LiveTarget } from "./live-target.ts";

/** The error for a table that the registry or the database does not have. */
export function missingTable(registry: Registry, name: string): PipelineError {
  if (registry.tables.has(name))
    return new PipelineError("MISSING_TABLES", `The database has no table ${name}.`, {
      table: name,
      hint: "Run ctb-data migrate up first.",
    });
  const near = nearestName(name, new Set(registry.tables.keys()));
  return new PipelineError("NOT_FOUND", `The registry has no table ${name}.`, {
    table: name,
    ...(near !== undefined && { hint: `Did you mean ${near}?` }),
  });
}

/** @throws {PipelineError} MISSING_TABLES, REFUSED, DENIED for a table that nothing can be promoted into. */
export function checkTarget(table: Table, live: LiveTarget, mapped: readonly string[]): void {
  checkKind(live);
  checkKey(table, live);
  checkColumns(table, live, mapped);
  const missing = [
    ...(live.mayRead ? [] : ["SELECT"]),
    ...(live.mayInsert ? [] : ["INSERT"]),
    ...(live.mayUpdate ? [] : ["UPDATE"]),
  ];
  if (missing.length === 0) return;
  throw new PipelineError("DENIED", `This user may not ${missing.join(", ")} on ${live.place}.`, {
    table: live.place,
    hint: `Use another role, or let the owner run GRANT SELECT, INSERT, UPDATE ON ${live.place} TO <user>.`,
  });
}

function checkKind(live: LiveTarget): void {
  const refuse = (why: string, hint: string): never => {
    throw new PipelineError("REFUSED", `Nothing can be promoted into ${live.place}: ${why}.`, {
      table: live.place,
      hint,
    });
  };
  if (live.kind === "other") refuse("it is no table", "Promote into the table behind it.");
  if (live.unlogged)
    refuse(
      "it is unlogged, so that a crash of the server would empty it, and the records of what was promoted would stay",
      `Run ALTER TABLE ${live.place} SET LOGGED.`,
    );
  if (live.rules.length > 0)
    refuse(
      `it has rules (${live.rules.join(", ")}), which change what INSERT and UPDATE do`,
      "Replace them by triggers.",
    );
}

function checkKey(table: Table, live: LiveTarget): void {
  const key = live.uniques[0];
  if (key?.primary !== true)
    throw new PipelineError(
      "REFUSED",
      `Nothing can be promoted into ${live.place}: it has no primary key, so that the row of a document could not be found again.`,
      {
        table: live.place,
        hint: "Give it one in the registry, an identity column for example, and run ctb-data migrate up.",
      },
    );
  checkColumns(table, live, key.columns);
}

function checkColumns(table: Table, live: LiveTarget, names: readonly string[]): void {
  const missing = names.filter((name) => !live.columns.has(name) || !table.columns.has(name));
  if (missing.length > 0)
    throw new PipelineError(
      "MISSING_TABLES",
      `The registry and the database do not agree on ${live.place}: one of them has no ${missing.join(", ")}.`,
      {
        table: live.place,
        hint: "Run ctb-data migrate up, or see what differs with ctb-data integrity check.",
      },
    );
  const generated = names.filter((name) => live.columns.get(name)?.generated === true);
  if (generated.length > 0)
    throw new PipelineError(
      "REFUSED",
      `PostgreSQL computes ${generated.join(", ")} of ${live.place}: nothing can be mapped to it.`,
      { table: live.place, hint: "Leave it out of the blueprint." },
    );
}
