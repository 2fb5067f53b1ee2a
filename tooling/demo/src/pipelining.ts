import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { paint, say, sayTable } from "./console.ts";
import { mistakes, readCompanies, writeDeliveries } from "./deliveries.ts";
import type { Project } from "./project.ts";
import type { Step } from "./steps.ts";

const data = fileURLToPath(new URL("../data", import.meta.url));
const blueprints = ["sp500", "sp500_profiles", "index_feed", "custodian"];
const intake = "client_intake";

/** The vendor blueprints of the demo, and the files that a vendor delivers. */
export function preparing({ at, cli }: Project): Step {
  return {
    title: "Add four vendor blueprints, and check it all",
    run: async () => {
      for (const name of blueprints) {
        await copyFile(join(data, `${name}.yml`), at(`db/vendor_blueprints/${name}.yml`));
      }
      await cli("registry validate");
      const companies = await readCompanies(join(data, "sp500_constituents.csv"));
      await writeDeliveries(companies, {
        csv: at("companies.csv"),
        ndjson: at("profiles.ndjson"),
      });
      say(
        `companies.csv: ${companies.length} companies, ${count(mistakes)} of them wrong on purpose.`,
      );
    },
  };
}

/** From the vendor's files through Firestore into PostgreSQL, and out again to two vendors. */
export function pipelining(project: Project): readonly Step[] {
  const imo = async (command: string, expected = 0): Promise<void> => {
    const { address } = (await project.documents()).process();
    await project.cli(`imo ${command}`, { expected, env: { FIRESTORE_EMULATOR_HOST: address } });
  };
  return [
    {
      title: "Input: take the companies into Firestore",
      run: async () => await imo("intake companies.csv --vendor sp500", 3),
    },
    {
      title: "Middle: look at every document; what is wrong is said, field by field",
      run: async () => {
        await imo("validate --vendor sp500", 3);
        await sayFailures(project);
      },
    },
    {
      title: "Move the good ones into PostgreSQL, exactly once",
      run: async () => {
        await imo("promote --vendor sp500", 3);
        await sayClients(project);
      },
    },
    {
      title: "Put the others right in the workbench, and promote again",
      run: async () => {
        await putRight(project);
        await imo("promote --vendor sp500");
        await sayClients(project);
      },
    },
    {
      title: "A second delivery in one go: profiles that find their client",
      run: async () => await imo("run profiles.ndjson --vendor sp500_profiles"),
    },
    {
      title: "Output: two vendors, two formats",
      run: async () => {
        await imo("export --vendor index_feed");
        await sayHead(project, "exports/index_feed.csv");
        await imo("export --vendor custodian");
        await sayHead(project, "exports/custodian.txt");
      },
    },
    {
      title: "What is kept of a run: its imo_process",
      run: async () => {
        await imo("status");
        await imo("status 1");
      },
    },
  ];
}

const count = (of: object): number => Object.keys(of).length;

async function sayFailures({ documents }: Project): Promise<void> {
  const { firestore } = await documents();
  for await (const { id, data: failed } of firestore.documents("validation_failed")) {
    const failures: unknown = failed["failures"];
    const first: unknown = Array.isArray(failures) ? failures[0] : undefined;
    say(`${paint("cyan", `validation_failed/${id}`)} ${JSON.stringify(first)}`);
  }
}

async function sayClients({ database }: Project): Promise<void> {
  const { rows } = await (
    await database()
  ).query<{ clients: string; promotions: string }>(
    "SELECT (SELECT count(*) FROM clients)::text AS clients, (SELECT count(*) FROM ctb_data.imo_promotions)::text AS promotions",
  );
  sayTable(
    ["rows of clients", "promotion records"],
    rows.map((row) => [row.clients, row.promotions]),
  );
}

/** What a person does on the screen of the workbench: the four documents get what the public list says. */
async function putRight({ documents }: Project): Promise<void> {
  const { firestore } = await documents();
  const companies = await readCompanies(join(data, "sp500_constituents.csv"));
  const wrong = firestore.documents(intake).where("validated", "==", false);
  for (const { id, data: document } of await wrong.get()) {
    const mistake = Object.entries(mistakes).find(([symbol]) =>
      isOf(document, companies.find((company) => company["Symbol"] === symbol)?.["Email"], symbol),
    );
    if (mistake === undefined) throw new Error(`Nobody knows what is wrong with ${intake}/${id}.`);
    const [symbol, { column, field }] = mistake;
    const company = companies.find((one) => one["Symbol"] === symbol);
    const right = company?.[column] ?? "";
    say(`${paint("cyan", `${intake}/${id}`)} ${field} = ${JSON.stringify(right)}`);
    const value = field === "created_at" ? new Date(`${right}T00:00:00Z`) : right;
    await firestore
      .documents(intake)
      .doc(id)
      .merge({ [field]: value });
  }
}

/** The address tells which company it is, but where the address is the mistake. */
function isOf(document: object, email: string | undefined, symbol: string): boolean {
  const found: unknown = "email" in document ? document.email : undefined;
  return found === email || (symbol === "GOOG" && found === mistakes.GOOG.wrong);
}

async function sayHead({ at }: Project, file: string): Promise<void> {
  const lines = (await readFile(at(file), "utf8")).split(/\r?\n/u);
  say(paint("cyan", `head -3 ${file}`));
  for (const line of lines.slice(0, 3)) say(line);
}
