import type { TableMaker } from "./table-maker.ts";

/** How columns that a check puts in an order are put in it. */
export interface OrderKeeping {
  /** The columns whose values may be others. */
  readonly free: ReadonlySet<string>;
  /** Another value of a column. */
  readonly another: (name: string, attempt: number) => unknown;
}

const attempts = 60;

/** Changes values so that checks like `starts_at < ends_at` hold, as far as it can. */
export function keepOrders(
  maker: TableMaker,
  row: Record<string, unknown>,
  { free, another }: OrderKeeping,
): void {
  for (let round = 0; round < maker.orders.length; round += 1) {
    for (const { less, more, strict } of maker.orders) {
      const holds = (): boolean => {
        const [low, high] = [read(maker, row, less), read(maker, row, more)];
        if (low === null || high === null) return true;
        const order = compare(low, high);
        return strict ? order < 0 : order <= 0;
      };
      if (holds()) continue;
      if (free.has(less) && free.has(more)) {
        [row[less], row[more]] = [row[more], row[less]];
        if (holds()) continue;
      }
      const name = free.has(more) ? more : less;
      for (let attempt = 1; free.has(name) && attempt <= attempts && !holds(); attempt += 1) {
        row[name] = another(name, attempt);
        const other = name === more ? less : more;
        // The other one may stand where nothing is beyond it.
        if (attempt > attempts / 2 && free.has(other)) row[other] = another(other, attempt);
      }
      if (!holds() && free.has(name) && maker.columns.get(name)?.nullable === true) row[name] = null;
    }
  }
} // prettier-ignore

/** The value as the model has it, so that all of a column compare. */
function read({ model }: TableMaker, row: Readonly<Record<string, unknown>>, name: string): unknown {
  const found = model.shape[name]?.safeParse(row[name]);
  return found?.success === true ? found.data : null;
} // prettier-ignore

function compare(a: unknown, b: unknown): number {
  if (typeof a === "string" && typeof b === "string") {
    const [left, right] = [Number(a), Number(b)];
    if (!Number.isNaN(left) && !Number.isNaN(right)) return left - right;
    const [first, second] = [rank(a), rank(b)];
    return first === second ? (a < b ? -1 : a > b ? 1 : 0) : first - second;
  }
  if (typeof a === "bigint" || typeof b === "bigint") return Number(a) - Number(b);
  return typeof a === "number" && typeof b === "number" ? a - b : 0;
}

/** Where infinity, and years that are not written with four digits, stand among texts of time. */
function rank(text: string): number {
  if (text === "-infinity") return -2;
  if (text.endsWith(" BC")) return -1;
  return text === "infinity" ? 2 : /^\d{5}/.test(text) ? 1 : 0;
}
