import type { TableScan } from "./row-rule.ts";

/** PostgreSQL selects at most 1,664 columns: tests, the key, texts of models and parts of references have to do with that. */
const mostRules = 500;

/** A scan in parts that are not too wide for one statement: itself but for tables of hundreds of columns. */
export function splitScan(scan: TableScan): readonly TableScan[] {
  const { rules } = scan;
  if (rules.length <= mostRules) return [scan];
  const parts = Math.ceil(rules.length / mostRules);
  return Array.from({ length: parts }, (_, part) => ({
    ...scan,
    rules: rules.slice(part * mostRules, (part + 1) * mostRules),
    references: part === 0 ? scan.references : [],
    keys: part === 0 ? scan.keys : [],
  }));
}
