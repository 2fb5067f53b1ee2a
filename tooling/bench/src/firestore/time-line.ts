import type { Firestore } from "@google-cloud/firestore";
import { lines, selectiveLines, writeMany, type Line, type Sizes } from "./lines.ts";

export type LineName = keyof typeof lines | keyof typeof selectiveLines;

/** One run of a line, or the writing of the many documents. */
export interface Job {
  readonly line: LineName | "many";
  readonly project: string;
  readonly round: number;
  readonly sizes: Sizes;
}

/** How long it took, and what was wrong with it. */
export interface Timing {
  readonly ms: number;
  readonly wrong: string | undefined;
}

/** The line with that name. */
export function lineOf(name: LineName): Line {
  const all: Readonly<Record<LineName, Line>> = { ...lines, ...selectiveLines };
  return all[name];
}

/** Runs clients of one contender: one for each project, connected before anything is timed. */
export class Timer {
  readonly #open: (project: string) => Firestore;
  readonly #ready = new Map<string, Promise<Firestore>>();

  constructor(open: (project: string) => Firestore) {
    this.#open = open;
  }

  /** @throws {Error} what the client throws. */
  async time({ line, project, round, sizes }: Job): Promise<Timing> {
    if (line === "many") {
      const db = await this.#client(project, async () => {});
      const ms = await timed(async () => await writeMany(db, sizes));
      return { ms: ms.ms, wrong: undefined };
    }
    const { prepare, run, check } = lineOf(line);
    const db = await this.#client(project, async (client) => await prepare?.(client, sizes));
    const { ms, given } = await timed(async () => await run(db, sizes, round));
    return { ms, wrong: await check(db, sizes, given, round) };
  }

  async #client(project: string, prepare: (db: Firestore) => Promise<void>): Promise<Firestore> {
    const ready = this.#ready.get(project) ?? this.#connect(project, prepare);
    this.#ready.set(project, ready);
    return await ready;
  }

  async #connect(project: string, prepare: (db: Firestore) => Promise<void>): Promise<Firestore> {
    const db = this.#open(project);
    await db.doc("bench/connected").get();
    await prepare(db);
    return db;
  }
}

async function timed(run: () => Promise<unknown>): Promise<{ ms: number; given: unknown }> {
  const start = performance.now();
  const given = await run();
  return { ms: performance.now() - start, given };
}
