import type { CatalogEnum } from "@ctb-data/postgres";
import { quoteIdentifier } from "@ctb-data/postgres";
import { changeStatements, createEnum, objectName } from "@ctb-data/postgres/statements";
import type { EnumType } from "@ctb-data/registry";
import type { Finding } from "../finding.ts";
import { adviceOf, driftFinding } from "./drift-finding.ts";
import type { DriftState } from "./drift-state.ts";
import { liveRegistry, missingItems, withEnum } from "./live-registry.ts";
import { sameList, sameNames } from "./same-parts.ts";

/** Enums that are missing, unknown, or have other values. */
export function enumDrift(state: DriftState): readonly Finding[] {
  const { registry, live, schema } = state;
  const there = new Map(
    live.enums.filter((type) => type.schema === schema).map((type) => [type.name, type]),
  );
  return [
    ...[...registry.enums.values()].flatMap((type) => {
      const actual = there.get(type.name);
      if (!actual) return [missing(type, schema)];
      return sameList(actual.values, type.values) ? [] : [otherValues(type, actual, state)];
    }),
    ...[...there.values()]
      .filter(({ name }) => !registry.enums.has(name))
      .map((type) => unknown(type, schema)),
  ];
}

const place = (name: string): string => `enum ${quoteIdentifier(name)}`;

function missing(type: EnumType, schema: string): Finding {
  return driftFinding({
    id: `drift:${place(type.name)}:missing`,
    severity: "error",
    message: `The enum ${type.name} is missing.`,
    advice: adviceOf("Write a migration that creates it:", [createEnum(type, schema)]),
  });
}

function unknown({ name }: CatalogEnum, schema: string): Finding {
  return driftFinding({
    id: `drift:${place(name)}:unknown`,
    severity: "note",
    message: `The enum ${name} is not in the registry.`,
    advice: adviceOf("Add it to the registry, or drop it when nothing uses it:", [
      `DROP TYPE ${objectName(schema, name)}`,
    ]),
  });
}

function otherValues(type: EnumType, actual: CatalogEnum, state: DriftState): Finding {
  const lacks = type.values.filter((value) => !actual.values.includes(value));
  const extra = actual.values.filter((value) => !type.values.includes(value));
  const after = liveRegistry(state, new Set(missingItems(state)));
  const before = withEnum(after, { ...type, values: actual.values });
  const told = [
    ...(lacks.length > 0 ? [`lacks ${quotedList(lacks)}`] : []),
    ...(extra.length > 0 ? [`also has ${quotedList(extra)}`] : []),
    ...(sameNames(type.values, actual.values) ? ["has its values in another order"] : []),
  ];
  const [lacking] = lacks;
  const [other] = extra;
  const renamed =
    lacks.length === 1 && extra.length === 1 && lacking !== undefined && other !== undefined
      ? ` (or, if "${other}" is "${lacking}" under its old name, ALTER TYPE … RENAME VALUE)`
      : "";
  const sentence =
    extra.length > 0
      ? `Write a migration, after rows with the values that are not in the registry have got others${renamed}:`
      : "Write a migration:";
  return driftFinding({
    id: `drift:${place(type.name)}:values`,
    severity: lacks.length > 0 ? "error" : "warning",
    message: `The enum ${type.name} ${told.join(" and ")}.`,
    advice: adviceOf(sentence, changeStatements(before, after)),
  });
}

function quotedList(values: readonly string[]): string {
  return values.map((value) => `"${value}"`).join(", ");
}
