import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { medianIn, type Cell, type Matrix, type MatrixRow } from "../matrix.ts";
import type { Aim, BenchResult } from "../report.ts";
import { contendersOf, officialName, ownName, type Contender } from "./contenders.ts";
import type { InProcessTimes } from "./in-process.ts";
import { fullSizes, lines, quickSizes, selectiveLines, type Sizes } from "./lines.ts";
import { Race } from "./race.ts";
import { ownProgram, type OwnProgram } from "./server-program.ts";
import { lineOf, type LineName } from "./time-line.ts";

const execute = promisify(execFile);

/** Times this project's emulator of Firestore, in memory and on disk, beside those of others. */
export async function benchFirestore(options: {
  readonly quick: boolean;
  readonly official: string | undefined;
}): Promise<BenchResult> {
  const own = await ownProgram();
  const folder = await mkdtemp(join(tmpdir(), "ctb-data-bench-"));
  try {
    const setting: Setting = {
      folder,
      own,
      contenders: contendersOf(own, options.official),
      sizes: options.quick ? quickSizes : fullSizes,
      rounds: options.quick ? 1 : 3,
      starts: options.quick ? 3 : 9,
      limitMs: options.quick ? 15_000 : 90_000,
    };
    const rows = [
      ...(await startRows(setting)),
      ...(await inProcessRows(setting)),
      ...(await lineRows(setting)),
      ...(await manyRows(setting)),
    ];
    return {
      comparisons: [],
      matrix: matrixOf(setting, rows, options.official !== undefined),
      packages: [
        "@google-cloud/firestore",
        "@firestore-emulator/server",
        "@firebase-bridge/firestore-admin",
      ],
      programs: { "ctb-data": own.description, official: options.official ?? "not given" },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Setting {
  readonly folder: string;
  readonly own: OwnProgram;
  readonly contenders: readonly Contender[];
  readonly sizes: Sizes;
  readonly rounds: number;
  readonly starts: number;
  /** How long a run may take. */
  readonly limitMs: number;
}

/** What every program in Node takes, on the machine as it is during this run. */
const emptyScript = "for comparison: an empty Node script";
const coldStart = "start to first answer, first time";
const warmStart = "start to first answer, again";
const manyMemory = (sizes: Sizes): string =>
  `memory with ${sizes.many.toLocaleString("en-US")} documents`;
const contended = lineOf("contended50");

/** Each start has the compile cache of the starts before it, the first one has none. */
async function startRows({ folder, contenders, starts }: Setting): Promise<MatrixRow[]> {
  const cold: Record<string, Cell> = {};
  const warm: Record<string, Cell> = {};
  const memory: Record<string, Cell> = {};
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  const empty: number[] = [];
  for (let round = 0; round < starts; round += 1) {
    const begin = performance.now();
    await execute(process.execPath, ["-e", "0"]);
    empty.push(performance.now() - begin);
    for (const contender of contenders) {
      const { name } = contender;
      const temporary = join(folder, name);
      await mkdir(temporary, { recursive: true });
      const running = await contender.start(temporary);
      times.get(name)?.push(running.answeredMs);
      if (round === starts - 1) {
        await sleep(1000);
        memory[name] = { kind: "figure", values: [await running.residentMiB()] };
      }
      await running.stop();
    }
  }
  for (const [name, [first = Number.NaN, ...others]] of times) {
    cold[name] = { kind: "figure", values: [first] };
    warm[name] = { kind: "figure", values: others };
  }
  return [
    { name: emptyScript, unit: "ms", cells: { [ownName]: { kind: "figure", values: empty } } },
    { name: coldStart, unit: "ms", cells: cold },
    { name: warmStart, unit: "ms", cells: warm },
    { name: "memory when idle", unit: "MiB", cells: memory },
  ];
}

async function inProcessRows({ contenders, own, starts }: Setting): Promise<MatrixRow[]> {
  const imports: Record<string, Cell> = {};
  const answers: Record<string, Cell> = {};
  const program = fileURLToPath(new URL("in-process.ts", import.meta.url));
  for (const { name, inProcess } of contenders) {
    if (inProcess === undefined) continue;
    const times: InProcessTimes[] = [];
    for (let round = 0; round < starts; round += 1) {
      const port = String(20_000 + Math.floor(Math.random() * 10_000));
      const args = [...own.conditions, program, inProcess, port];
      const { stdout } = await execute(process.execPath, args);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what our own program prints.
      times.push(JSON.parse(stdout) as InProcessTimes);
    }
    imports[name] = { kind: "figure", values: times.map(({ importMs }) => importMs) };
    answers[name] = { kind: "figure", values: times.map(({ answerMs }) => answerMs) };
  }
  return [
    { name: "in a process: import", unit: "ms", cells: imports },
    { name: "in a process: start to first answer", unit: "ms", cells: answers },
  ];
}

async function lineRows(setting: Setting): Promise<MatrixRow[]> {
  const race = new Race(setting);
  try {
    const rows: MatrixRow[] = [];
    for (const name of namesOf(lines)) {
      rows.push(await race.row(name, setting.contenders, setting.rounds));
    }
    return rows;
  } finally {
    await race.close();
  }
}

/** One contender after the other: memory is what each has alone. */
async function manyRows(setting: Setting): Promise<MatrixRow[]> {
  const names = namesOf(selectiveLines);
  const write: Record<string, Cell> = {};
  const memory: Record<string, Cell> = {};
  const selective = names.map((): Record<string, Cell> => ({}));
  for (const contender of setting.contenders) {
    const race = new Race(setting);
    const { name } = contender;
    try {
      write[name] = await race.cell("many", contender, 1);
      if (write[name].kind !== "figure") continue;
      await sleep(2000);
      memory[name] = { kind: "figure", values: [await race.residentMiB(contender)] };
      for (const [index, line] of names.entries()) {
        const cells = selective[index];
        if (cells) cells[name] = await race.cell(line, contender, setting.rounds);
      }
      process.stderr.write(`done: ${name} with many documents\n`);
    } finally {
      await race.close();
    }
  }
  return [
    {
      name: `${setting.sizes.many.toLocaleString("en-US")} documents in batches of 500`,
      unit: "ms",
      cells: write,
    },
    { name: manyMemory(setting.sizes), unit: "MiB", cells: memory },
    ...names.map((line, index) => ({
      name: lineOf(line).title(setting.sizes),
      unit: "ms" as const,
      cells: selective[index] ?? {},
    })),
  ];
}

function namesOf<Name extends LineName>(some: Readonly<Record<Name, unknown>>): readonly Name[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `Object.keys` does not know the keys of a type.
  return Object.keys(some) as Name[];
}

function matrixOf(setting: Setting, rows: readonly MatrixRow[], hasOfficial: boolean): Matrix {
  const { sizes, contenders, own } = setting;
  const figure = (name: string): number =>
    rows.flatMap((row) => (row.name === name ? [medianIn(row, ownName)] : []))[0] ?? Infinity;
  const readyMs = figure(warmStart);
  const contendedMs = figure(contended.title(sizes));
  return {
    title: "Firestore emulators",
    columns: contenders.map(({ name }) => name),
    rows,
    baselines: [...(hasOfficial ? [officialName] : []), ownName],
    aims: [
      {
        text: "ready in under 100 ms",
        reached: readyMs < 100,
        measured: `${ms(readyMs)}, an empty Node script ${ms(figure(emptyScript))}`,
      },
      {
        text: "50 contended transactions in under a second",
        reached: contendedMs < 1000,
        measured: ms(contendedMs),
      },
      ...(hasOfficial ? officialAims(rows, sizes) : []),
    ],
    notes: [
      `ctb-data runs from ${own.description}`,
      ...(hasOfficial ? [] : ["the official emulator is not given: see --official"]),
      "the client is @google-cloud/firestore in a process of its own, which no figure of memory counts; @firebase-bridge has no server: it runs in the process of its client, that of firebase-admin 13, and both are counted",
      "BulkWriter without its ramp-up, which is in the client and the same for all",
    ],
  };
}

function officialAims(rows: readonly MatrixRow[], sizes: Sizes): readonly Aim[] {
  const ratios = rows.flatMap((row) => {
    const own = medianIn(row, ownName);
    const official = medianIn(row, officialName);
    return official === undefined ? [] : [{ row, ratio: (own ?? Infinity) / official }];
  });
  const slower = ratios.filter(({ row, ratio }) => row.unit === "ms" && ratio > 1);
  const memory = ratios.find(({ row }) => row.name === manyMemory(sizes))?.ratio ?? Infinity;
  return [
    {
      text: "less memory than the official one with all documents",
      reached: memory < 1,
      measured: `${memory.toFixed(2)} x`,
    },
    {
      text: "at least as fast as the official one on every line",
      reached: slower.length === 0,
      measured:
        slower.map(({ row, ratio }) => `${row.name} ${ratio.toFixed(2)} x`).join(", ") ||
        `${ratios.length} lines`,
    },
  ];
}

const ms = (value: number): string => `${Math.round(value)} ms`;
