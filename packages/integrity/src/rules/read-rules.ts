import { formatColumnType } from "@ctb-data/registry";
import type { RowRule, RuleSubject } from "../rows/row-rule.ts";
import { guardedTest, usualBudget } from "./guarded-test.ts";
import type { ModelTests, TestValue } from "./model-tests.ts";
import { remembersLast, type ReadValue } from "./read-text.ts";
import { columnSubject, type RuleColumn } from "./rule-column.ts";
import { subjectOf, valueSays } from "./rule-subject.ts";
import { lengthWords, rangeWords } from "./value-words.ts";

/** What rules of a column's values that only the model can tell are made of. */
export interface Reading {
  readonly at: RuleColumn;
  readonly tests: ModelTests;
  readonly read: (text: string) => ReadValue;
}

/** What each rule of a column says: the kind, and what a value is that breaks it. */
export function subjectsOf(at: RuleColumn): Readonly<Record<keyof ModelTests, RuleSubject>> {
  const { column } = at;
  const { type } = column;
  return {
    value: columnSubject(
      at,
      "invalid_value",
      `is not what the model takes as ${formatColumnType(type)}`,
    ),
    length: columnSubject(at, "length", lengthWords(column)),
    range: columnSubject(at, "range", rangeWords(column)),
    pattern: columnSubject(at, "pattern", `does not match the pattern ${column.pattern ?? ""}`),
    format: columnSubject(at, "format", `is not of the format ${column.format ?? ""}`),
    enum: columnSubject(
      at,
      "enum",
      `is not one of ${type.kind === "enum" ? `the values of ${type.name}` : "those that it may have"}`,
    ),
  };
}

/** A rule that reads the column's text. */
export function readRule(
  { at }: Reading,
  subject: RuleSubject,
  {
    reads,
    breaks,
  }: { readonly reads: string; readonly breaks: (text: string) => string | undefined },
): RowRule {
  return {
    subject,
    reads,
    columns: [at.column.name],
    breaks: ([text]) => (typeof text === "string" ? breaks(text) : undefined),
  };
}

/** The rule that a text is a value of the model. */
export function valueRule(reading: Reading, reads: string): RowRule {
  return readRule(reading, subjectsOf(reading.at).value, {
    reads,
    breaks: (text) => {
      const found = reading.read(text);
      return found.state === "invalid" ? found.problem : undefined;
    },
  });
}

/** The rule that a value passes one of the model's tests. A text that is no value at all breaks another rule. */
export function testRules(
  reading: Reading,
  name: Exclude<keyof ModelTests, "value">,
  reads: string,
): readonly RowRule[] {
  const test = reading.tests[name];
  if (test === undefined) return [];
  if (name === "pattern") return patternRules(reading, test, reads);
  return [
    readRule(reading, subjectsOf(reading.at)[name], {
      reads,
      breaks: (text) => testText(reading, test, text),
    }),
  ];
}

function testText({ read }: Reading, test: TestValue, text: string): string | undefined {
  const found = read(text);
  return found.state === "value" ? test(found.value) : undefined;
}

/** One for what does not match, and one for what could not be told in a reasonable time. */
function patternRules(reading: Reading, test: TestValue, reads: string): readonly RowRule[] {
  const { at } = reading;
  const { table, column, hidden } = at;
  const guarded = remembersLast(
    guardedTest(column.pattern ?? "", (text) => testText(reading, test, text)),
  );
  const slow = subjectOf({
    kind: "pattern",
    severity: "warning",
    table: table.name,
    columns: [column.name],
    hidden,
    suffix: " (too slow)",
    says: valueSays(
      column.name,
      `could not be compared with the pattern ${column.pattern ?? ""}, because that takes too long`,
    ),
  });
  return [
    readRule(reading, subjectsOf(at).pattern, {
      reads,
      breaks: (text) => {
        const found = guarded(text);
        return found === "too long" ? undefined : found.problem;
      },
    }),
    readRule(reading, slow, {
      reads,
      breaks: (text) =>
        guarded(text) === "too long" ? `takes longer than ${usualBudget.valueMs} ms` : undefined,
    }),
  ];
}
