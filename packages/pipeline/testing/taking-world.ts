import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseBlueprint } from "@ctb-data/registry";
import { intakeFile } from "../src/intake/intake-file.ts";
import type { IntakeOptions, IntakeReport, TakingBlueprint } from "../src/intake/intake-options.ts";
import { PipelineError } from "../src/pipeline-error.ts";
import { middleRegistry } from "./middle-registry.ts";
import { openMiddleWorld, type MiddleWorld } from "./middle-world.ts";

const blueprintText = `
vendor: club
version: 1
intake:
  table: members
  collection: member_intake
  key: Mail
  columns:
    "E-Mail ü": { from: Mail, trim: true }
    name: { from: Name }
    rank: { from: Rank }
    points: { from: Points }
    tax: { from: Tax }
`;

/** Members' documents come from files with the columns Mail, Name, Rank, Points and Tax. */
export function takingBlueprint(format: "csv" | "json" | "ndjson" = "csv"): TakingBlueprint {
  const text = blueprintText.replace("intake:", `intake:\n  format: ${format}`);
  const { vendor, version, intake } = parseBlueprint(text, middleRegistry(), {
    file: "blueprint.yml",
  });
  if (intake === undefined) throw new Error("It takes nothing in.");
  return { vendor, version, intake };
}

/** A document as it was taken in, with clear texts in the place of ciphertexts. */
export interface TakenDocument {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly updateTimeUs: number;
}

/** Both stores, and a folder for files. */
export interface TakingWorld extends MiddleWorld {
  readonly folder: string;
  /** The path of a file of the folder with this content. */
  file(content: string | Uint8Array, name?: string): string;
  take(file: string, options?: Partial<IntakeOptions>): Promise<IntakeReport>;
  /** By their ids. */
  documents(): Promise<ReadonlyMap<string, TakenDocument>>;
}

export async function openTakingWorld(firestoreHost?: string): Promise<TakingWorld> {
  const world = await openMiddleWorld(firestoreHost);
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "ctb-data-intake-")));
  return {
    ...world,
    folder,
    file: (content, name = "members.csv") => {
      const file = join(folder, name);
      writeFileSync(file, content);
      return file;
    },
    take: async (file, options = {}) =>
      await intakeFile(world.stores, { blueprint: takingBlueprint(), file, ...options }),
    documents: async () => await documentsIn(world),
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** All but times and ciphertexts: what is the same however often a file was taken in. */
export async function contentOf(world: TakingWorld): Promise<ReadonlyMap<string, unknown>> {
  return new Map(Array.from(await world.documents(), ([id, { fields }]) => [id, fields]));
}

async function documentsIn({
  firestore,
  keyring,
}: MiddleWorld): Promise<ReadonlyMap<string, TakenDocument>> {
  const collection = "member_intake";
  const cipher = keyring.cipherOf({ table: "members", column: "tax" });
  const { raw } = firestore;
  const snapshot = await raw.snapshot();
  const found = new Map<string, TakenDocument>();
  for (const range of await snapshot.ranges({ collection }))
    for await (const { bytes, lines } of snapshot.read(range)) {
      let start = 0;
      for (const { path, end, updateTimeUs } of lines) {
        const { fields = {} } = JSON.parse(bytes.toString("utf8", start, end));
        const { stringValue } = fields.tax ?? {};
        if (typeof stringValue === "string") fields.tax = { clear: cipher.decrypt(stringValue) };
        found.set(path.slice(collection.length + 1), { fields, updateTimeUs });
        start = end;
      }
    }
  return found;
}

/** A file of members: the columns of each line, in their order. */
export function membersFile(lines: readonly string[]): string {
  return `Mail,Name,Rank,Points,Tax\n${lines.map((line) => `${line}\n`).join("")}`;
}

/** So many different members. */
export function someMembers(count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `m${n}@example.com,Name ${n},gold,${n},T${n}`);
}

/** The error that ends an intake. */
export async function intakeError(work: Promise<IntakeReport>): Promise<PipelineError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof PipelineError) return error;
  throw new Error(`It ended with ${String(error)}.`, { cause: error });
}
