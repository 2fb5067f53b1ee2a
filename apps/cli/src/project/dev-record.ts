import { join } from "node:path";
import { z } from "zod";
import { readIfThere } from "./read-if-there.ts";
import { writeAtomically } from "./write-atomically.ts";

const port = z.int().min(1).max(65_535);

const recordSchema = z.object({
  pid: z.int().min(1),
  postgresPort: port.optional(),
  firestorePort: port.optional(),
});

/**
 * What `ctb-data dev` writes about itself. It stays when that ends: the next one takes the same port for Firestore, and who holds the
 * data folder is known by the lock there.
 */
export type DevRecord = Readonly<z.infer<typeof recordSchema>>;

/** The record of the last `ctb-data dev` in this state folder; undefined when there is none that can be read. */
export async function readDevRecord(stateDir: string): Promise<DevRecord | undefined> {
  const text = await readIfThere(join(stateDir, "dev.json"));
  try {
    return recordSchema.safeParse(JSON.parse(text ?? "")).data;
  } catch {
    return undefined;
  }
}

export async function writeDevRecord(stateDir: string, record: DevRecord): Promise<void> {
  await writeAtomically(join(stateDir, "dev.json"), `${JSON.stringify(record)}\n`);
}
