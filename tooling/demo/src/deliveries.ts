import { readFile, writeFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";

/** A company as the public list has it: its columns by title. */
type Company = Readonly<Record<string, string>>;

/** What a careless vendor makes of some lines, and what people put right in the workbench. */
export const mistakes = {
  AAPL: { column: "Date added", wrong: "1982-11-31", field: "created_at" },
  BA: { column: "Security", wrong: "", field: "name" },
  KO: { column: "Security", wrong: "The Coca-Cola Company ".repeat(13), field: "name" },
  GOOG: { column: "Email", wrong: "contact@googl.example", field: "email" },
} as const satisfies Readonly<
  Record<string, { readonly column: string; readonly wrong: string; readonly field: string }>
>;

/** Reads the public list, with an address for each company: the list has none, so they are of a domain that cannot be. */
export async function readCompanies(file: string): Promise<readonly Company[]> {
  const companies = parse<Company>(await readFile(file), { columns: true, bom: true });
  return companies.map((company) => ({ ...company, Email: addressOf(company["Symbol"] ?? "") }));
}

/** Writes the list as a vendor delivers it, with four mistakes, and one line of JSON per company. */
export async function writeDeliveries(
  companies: readonly Company[],
  files: { readonly csv: string; readonly ndjson: string },
): Promise<void> {
  const titles = Object.keys(companies[0] ?? {});
  const delivered = companies.map(withMistake);
  const lines = [
    titles,
    ...delivered.map((company) => titles.map((title) => company[title] ?? "")),
  ];
  await writeFile(files.csv, lines.map((cells) => `${cells.map(quoted).join(",")}\r\n`).join(""));
  const profiles = companies.map((company) => {
    const { Symbol: symbol, Email: email, CIK: cik } = company;
    const sector = company["GICS Sector"];
    const place = company["Headquarters Location"];
    return JSON.stringify({ symbol, email, profile: { symbol, sector, place, cik } });
  });
  await writeFile(files.ndjson, `${profiles.join("\n")}\n`);
}

function withMistake(company: Company): Company {
  const mistake = Object.entries(mistakes).find(([symbol]) => symbol === company["Symbol"])?.[1];
  return mistake === undefined ? company : { ...company, [mistake.column]: mistake.wrong };
}

const addressOf = (symbol: string): string =>
  `contact@${symbol.toLowerCase().replaceAll(".", "-")}.example`;

const quoted = (cell: string): string =>
  /[",\r\n]/u.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
