import { fileURLToPath } from "node:url";
import { generateIdentity, generateSigningKey, recipientOf } from "@ctb-data/backup";
import { runMeasured, type Usage } from "./measured-process.ts";

/** Keys of one run of the bench. */
export interface BenchKeys {
  readonly identity: string;
  readonly recipient: string;
  readonly signingKey: string;
  readonly publicKey: string;
}

/** What the process does, between its start and its end. */
export interface OwnJob {
  readonly work: "create" | "restore";
  readonly dir: string;
  readonly keys: BenchKeys;
  readonly encryption: "age" | "none";
  readonly postgresUrl?: string;
  /** The program; without it the schema comes from the catalog. */
  readonly pgDump?: string | undefined;
  readonly firestore?: { readonly host: string; readonly project: string };
  /** Of the backup to restore. */
  readonly id?: string;
}

export function makeBenchKeys(): BenchKeys {
  const identity = generateIdentity();
  const { secretKey, publicKey } = generateSigningKey();
  return { identity, recipient: recipientOf(identity), signingKey: secretKey, publicKey };
}

/** @param conditions arguments of Node with which our packages are found. */
export async function runOwn(job: OwnJob, conditions: readonly string[]): Promise<Usage> {
  const program = fileURLToPath(new URL("own-process.ts", import.meta.url));
  return await runMeasured([process.execPath, ...conditions, program, JSON.stringify(job)]);
}

/** A field of what the process printed last. */
export function answerOf({ stdout }: Usage, field: string): unknown {
  const answer: unknown = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  return typeof answer === "object" && answer !== null ? Reflect.get(answer, field) : undefined;
}
