import {
  quoteIdentifier,
  type CatalogCheck,
  type CatalogForeignKey,
  type CatalogTable,
} from "@ctb-data/postgres";
import { alterTable, catalogForeignKeyClause, checkClause } from "@ctb-data/postgres/statements";
import type { Finding, FindingKind } from "../finding.ts";
import {
  addValidated,
  dropConstraint,
  renameConstraint,
  spareName,
  validateConstraint,
  type ConstraintPlace,
} from "./constraint-statements.ts";
import { driftFinding, listed, partPlace } from "./drift-finding.ts";
import type { DriftState } from "./drift-state.ts";

/** Foreign keys and checks of all live tables, known or not, that are there and do not hold for every row. */
export function untrustedConstraints(state: DriftState): readonly Finding[] {
  return state.liveTables.flatMap((table) => {
    const place = { state, table };
    return [
      ...table.checks.flatMap((check) => untrustedCheck(place, check)),
      ...table.foreignKeys.flatMap((key) => untrustedKey(place, key)),
    ];
  });
}

function untrustedCheck(place: ConstraintPlace, check: CatalogCheck): readonly Finding[] {
  const { name, expression, enforced, validated } = check;
  const subject = { place, name, columns: check.columns, word: "check" };
  if (!enforced) {
    // PostgreSQL 18 cannot enforce a check later.
    const spare = spareName(place, name);
    const statements = replaceWith(place, {
      name,
      spare,
      clause: checkClause({ name: spare, expression }),
    });
    return [untrusted(subject, "constraint_disabled", { what: "is not enforced", statements })];
  }
  if (validated) return [];
  return [notValidated(subject)];
}

function untrustedKey(place: ConstraintPlace, key: CatalogForeignKey): readonly Finding[] {
  const { name, enforced, validated, triggersEnabled } = key;
  const subject = { place, name, columns: key.columns, word: "foreign key" };
  if (!enforced) {
    const statements = [
      alterTable(
        place.table.name,
        place.state.schema,
        `ALTER CONSTRAINT ${quoteIdentifier(name)} ENFORCED`,
      ),
    ];
    return [untrusted(subject, "constraint_disabled", { what: "is not enforced", statements })];
  }
  if (!triggersEnabled) {
    const spare = spareName(place, name);
    const statements = replaceWith(place, {
      name,
      spare,
      clause: catalogForeignKeyClause(key, spare),
    });
    const what = "is switched off: its triggers are disabled";
    return [untrusted(subject, "constraint_disabled", { what, statements })];
  }
  return validated ? [] : [notValidated(subject)];
}

/**
 * A constraint that PostgreSQL takes for valid is never looked at again, whatever was written behind its back, and only a superuser may
 * switch its triggers on. A second one is made, looks at every row, and takes the place of the first.
 */
function replaceWith(
  place: ConstraintPlace,
  {
    name,
    spare,
    clause,
  }: { readonly name: string; readonly spare: string; readonly clause: string },
): readonly string[] {
  return [
    ...addValidated(place, { name: spare, clause }),
    dropConstraint(place, name),
    renameConstraint(place, { from: spare, to: name }),
  ];
}

interface Subject {
  readonly place: ConstraintPlace;
  readonly name: string;
  readonly columns: readonly string[];
  readonly word: string;
}

function notValidated(subject: Subject): Finding {
  return untrusted(subject, "constraint_not_validated", {
    what: "is not validated: rows from before may break it",
    statements: [validateConstraint(subject.place, subject.name)],
  });
}

function untrusted(
  { place, name, columns, word }: Subject,
  kind: FindingKind,
  { what, statements }: { readonly what: string; readonly statements: readonly string[] },
): Finding {
  const table: CatalogTable = place.table;
  const on = columns.length > 0 ? ` on ${listed(columns)}` : "";
  return driftFinding({
    id: `${kind}:${partPlace(table.name, name)}`,
    kind,
    table: table.name,
    columns,
    constraint: name,
    message: `The ${word} ${name} of ${table.name}${on} ${what}.`,
    fix: {
      summary: `Makes the ${word} ${name} of ${table.name} hold for every row.`,
      statements,
    },
  });
}
