import { parseArgs } from "node:util";
import { formatMatrix } from "./matrix.ts";
import { type BenchResult, formatComparison, saveResult } from "./report.ts";

const usage = `Usage: pnpm bench [registry] [postgres] [migrate] [firestore] [backup] [testdb] [integrity] [pipeline]
                  [--quick] [--out FOLDER]

Measures ctb-data against its peers, side by side in one run, and prints a table for each.
Without a name: all of them. JSON with versions and machine goes to FOLDER (bench-results).

  --quick             smaller inputs and fewer rounds: a look in a minute, not a figure to quote
  --official COMMAND  firestore, backup: how Google's emulator is started, without --host and --port, such as
                      'java -jar cloud-firestore-emulator.jar'; default: FIRESTORE_EMULATOR_COMMAND
  --megabytes N       backup: how much COPY text the database has; default 1100, with --quick 64
  --help              this text
`;

/** Given `quick`, a bench measures and returns its tables; it stops whatever it started. */
type Bench = (options: {
  readonly quick: boolean;
  readonly official: string | undefined;
  readonly megabytes: number | undefined;
}) => Promise<BenchResult>;

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  registry: async () => (await import("./registry-bench.ts")).benchRegistry,
  postgres: async () => (await import("./postgres-bench.ts")).benchPostgres,
  migrate: async () => (await import("./migrate-bench.ts")).benchMigrate,
  firestore: async () => (await import("./firestore/firestore-bench.ts")).benchFirestore,
  backup: async () => (await import("./backup/backup-bench.ts")).benchBackup,
  testdb: async () => (await import("./testdb-bench.ts")).benchTestdb,
  integrity: async () => (await import("./integrity-bench.ts")).benchIntegrity,
  pipeline: async () => (await import("./pipeline-bench.ts")).benchPipeline,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    official: { type: "string", default: process.env["FIRESTORE_EMULATOR_COMMAND"] ?? "" },
    megabytes: { type: "string" },
    out: { type: "string", default: "bench-results" },
    help: { type: "boolean", default: false },
  },
});

const megabytes = values.megabytes === undefined ? undefined : Number(values.megabytes);
const unknown = positionals.filter((name) => !Object.hasOwn(benches, name));
if (values.help) {
  process.stdout.write(usage);
} else if (unknown.length > 0) {
  process.stderr.write(`There is no bench ${unknown.join(", ")}.\n\n${usage}`);
  process.exitCode = 2;
} else if (megabytes !== undefined && !(Number.isInteger(megabytes) && megabytes >= 16)) {
  process.stderr.write("--megabytes is a whole number from 16.\n");
  process.exitCode = 2;
} else {
  for (const name of positionals.length > 0 ? positionals : Object.keys(benches)) {
    await runBench(name);
  }
}

async function runBench(name: string): Promise<void> {
  process.stdout.write(`# ${name}${values.quick ? " (quick: not a figure to quote)" : ""}\n\n`);
  const bench = await benches[name]?.();
  const result = await bench?.({
    quick: values.quick,
    official: values.official === "" ? undefined : values.official,
    megabytes,
  });
  if (result === undefined) {
    return;
  }
  for (const comparison of result.comparisons) {
    process.stdout.write(`${formatComparison(comparison)}\n`);
  }
  if (result.matrix) process.stdout.write(`${formatMatrix(result.matrix)}\n`);
  const file = `${values.out}/${name}${values.quick ? "-quick" : ""}.json`;
  await saveResult(file, name, result);
  process.stdout.write(`written: ${file}\n\n`);
}
