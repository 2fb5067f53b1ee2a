import type { Json, ModelValue } from "@ctb-data/models";
import type {
  BlueprintScalar,
  Column,
  IntakeColumn,
  Registry,
  ValueOrigin,
} from "@ctb-data/registry";
import type { TakingBlueprint } from "../intake/intake-options.ts";
import { PipelineError } from "../pipeline-error.ts";
import type { SourceRecord } from "../source/source-record.ts";
import { blueprintColumnOf } from "./blueprint-column.ts";
import { columnReaderOf, type ReadColumn } from "./column-reader.ts";
import { jsonAt, notScalar, scalarTextOf } from "./json-scalar.ts";
import type { IntakeMapping, MappedValue } from "./mapped-record.ts";
import { Misfit } from "./misfit.ts";
import { keyReaderOf } from "./record-key.ts";
import { readerOf } from "./text-format.ts";
import { notListed } from "./value-list.ts";

/**
 * Compiles how records of a vendor's file become records of canonical columns.
 *
 * @throws {PipelineError} INVALID_BLUEPRINT when the blueprint is of another registry.
 */
export function compileIntakeMapping(taking: TakingBlueprint, registry: Registry): IntakeMapping {
  const { intake } = taking;
  const isText = intake.format === "csv";
  const rules = [...intake.columns.values()].map((rule) => {
    const { column } = blueprintColumnOf(registry, intake.table, rule.column);
    const target =
      rule.lookup === undefined ? column : lookedUp(rule.lookup, { column, intake, registry });
    return [rule.column, mapperOf({ rule, column, target, isText })] as const;
  });
  return {
    map: (record) => {
      const mapped = new Map<string, MappedValue>();
      for (const [column, map] of rules) {
        const value = map(record);
        if (value !== undefined) mapped.set(column, value);
      }
      return mapped;
    },
    keyOf: keyReaderOf(intake.key),
  };
}

/** The column of the other table whose values come in the place of its key. */
function lookedUp(
  name: string,
  {
    column,
    intake,
    registry,
  }: {
    readonly column: Column;
    readonly intake: TakingBlueprint["intake"];
    readonly registry: Registry;
  },
): Column {
  const key = registry.tables
    .get(intake.table)
    ?.foreignKeys.find(({ columns }) => columns.length === 1 && columns[0] === column.name);
  if (key !== undefined) return blueprintColumnOf(registry, key.referencedTable, name).column;
  throw new PipelineError(
    "INVALID_BLUEPRINT",
    `The blueprint looks the column "${column.name}" of "${intake.table}" up, which has no foreign key in the registry.`,
    { hint: "Load the blueprint with the registry that it is used with." },
  );
}

interface Rule {
  readonly rule: IntakeColumn;
  readonly column: Column;
  /** Of the values: the column itself, or the one that is looked up. */
  readonly target: Column;
  /** The file has texts, of which an empty one is none. */
  readonly isText: boolean;
}

/** Undefined: the column gets nothing, and so its default. */
type MapColumn = (record: SourceRecord) => MappedValue | undefined;

function mapperOf(mapping: Rule): MapColumn {
  const { rule, isText } = mapping;
  const outcome = outcomeOf(mapping);
  const { origin } = rule;
  if (origin.kind === "constant") {
    const constant = outcome.given(origin.value);
    return () => constant;
  }
  const instead = rule.default === undefined ? undefined : outcome.given(rule.default);
  const missing = rule.default === undefined ? outcome.missing : instead;
  const empty = rule.default === undefined ? outcome.empty : instead;
  const mapValue = valueMapperOf(mapping, outcome);
  return (record) => {
    const found = valueAt(record, origin);
    if (found === null) return empty;
    const value = rule.trim && typeof found === "string" ? found.trim() : found;
    if (value === undefined || (isText && value === "")) return missing;
    const mapped = mapValue(value);
    return mapped === "missing" ? missing : mapped;
  };
}

function valueAt(record: SourceRecord, { column, path }: ValueOrigin): Json | undefined {
  const value = Object.hasOwn(record, column) ? record[column] : undefined;
  return path.length === 0 ? value : jsonAt(value, path);
}

/** What a rule can come to. */
interface Outcome {
  /** There was nothing. */
  readonly missing: MappedValue | undefined;
  /** There was null. */
  readonly empty: MappedValue | undefined;
  /** What the blueprint itself gives. */
  given(value: BlueprintScalar): MappedValue | undefined;
  /** What was read of a source value. */
  of(source: Json, read: ModelValue | Misfit): MappedValue;
}

function outcomeOf({ rule, column, target }: Rule): Outcome {
  const { lookup } = rule;
  const of = (source: Json, read: ModelValue | Misfit): MappedValue => {
    if (read instanceof Misfit) {
      const message = `The value of ${column.name} ${read.message}.`;
      return {
        kind: "raw",
        value: source,
        failures: [{ field: column.name, code: read.code, message }],
      };
    }
    return lookup === undefined
      ? { kind: "value", value: read }
      : { kind: "lookup", column: lookup, value: read };
  };
  const missing = rule.required ? of(null, new Misfit("missing", "is missing")) : undefined;
  const isNull: MappedValue = { kind: "value", value: null };
  const empty = missing ?? (column.nullable ? isNull : undefined);
  const read = columnReaderOf(target, "data");
  return {
    missing,
    empty,
    given: (value) => (value === null ? empty : of(value, read(value))),
    of,
  };
}

type MapValue = (value: Exclude<Json, null>) => MappedValue | "missing" | undefined;

/** Compiles `values`, `format` and the reading by the column's type. */
function valueMapperOf({ rule, target, isText }: Rule, outcome: Outcome): MapValue {
  const readColumn = columnReaderOf(target, isText ? "text" : "data");
  const read = formattedOf(rule, { target, isText, readColumn }, outcome);
  const { values, otherwise = "reject" } = rule;
  if (values === undefined) return read;
  const results = new Map([...values].map(([key, value]) => [key, outcome.given(value)] as const));
  const miss = notListed(values);
  const other = typeof otherwise === "object" ? outcome.given(otherwise.value) : undefined;
  return (value) => {
    const text = scalarTextOf(value);
    if (text !== undefined && results.has(text)) return results.get(text);
    if (otherwise === "keep") return read(value);
    return otherwise === "reject" ? outcome.of(value, miss) : other;
  };
}

function formattedOf(
  { format }: IntakeColumn,
  {
    target,
    isText,
    readColumn,
  }: { readonly target: Column; readonly isText: boolean; readonly readColumn: ReadColumn },
  outcome: Outcome,
): MapValue {
  if (format === undefined) return (value) => outcome.of(value, readColumn(value));
  const readFormat = readerOf(format, target.type);
  return (value) => {
    const text = scalarTextOf(value);
    const plain = text === undefined ? notScalar() : readFormat(text);
    if (plain instanceof Misfit) return outcome.of(value, plain);
    return isText && plain === "" ? "missing" : outcome.of(value, readColumn(plain));
  };
}
