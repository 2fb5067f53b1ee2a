import { randomUUID } from "node:crypto";
import { openFirestore, type Firestore } from "@ctb-data/firestore";
import { startFirestoreEmulator } from "@ctb-data/firestore-emulator";
import { parseRegistry } from "@ctb-data/registry";
import { beforeAll } from "vitest";

const registry = parseRegistry(
  "tables:\n  things:\n    columns:\n      - { name: id, type: serial, primary_key: true }\n",
  { file: "test.yml" },
);
let host = "";

/** Starts an emulator for the tests of a file, unless FIRESTORE_EMULATOR_HOST names one. */
export function useFirestore(): void {
  beforeAll(async () => {
    const given = process.env["FIRESTORE_EMULATOR_HOST"];
    if (given !== undefined && given !== "") {
      host = given;
      return undefined;
    }
    const emulator = await startFirestoreEmulator({ port: 0 });
    host = `${emulator.host}:${emulator.port}`;
    return async () => await emulator.close();
  });
}

/** A database that nobody else has. */
export async function openTestFirestore(
  options: {
    readonly emulatorHost?: string;
    readonly projectId?: string;
    readonly timeoutMs?: number;
  } = {},
): Promise<Firestore> {
  const projectId = `test-${randomUUID().slice(0, 18)}`;
  return await openFirestore({ registry, projectId, emulatorHost: host, ...options });
}

/** A value as Firestore's REST has it. */
export type RestFields = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Writes documents by path, in the shape of REST. */
export async function writeDocuments(
  { raw }: Firestore,
  documents: Iterable<readonly [path: string, fields: RestFields]>,
): Promise<void> {
  const writes = [...documents].map(([path, fields]) => ({
    op: "set" as const,
    line: JSON.stringify({ name: `${raw.database}/documents/${path}`, fields }),
  }));
  await raw.write(writes, { ramp: false });
}

/** All documents with their fields, in the order of their names; without their times. */
export async function documentsOf({
  raw,
}: Firestore): Promise<readonly (readonly [string, string])[]> {
  const found: (readonly [string, string])[] = [];
  const snapshot = await raw.snapshot();
  for (const range of await snapshot.ranges())
    for await (const { bytes, lines } of snapshot.read(range))
      for (const [index, { path, end }] of lines.entries()) {
        const line = bytes.toString("utf8", lines[index - 1]?.end ?? 0, end);
        const fields = line.slice(line.indexOf(`/documents/${path}"`) + 12 + path.length);
        found.push([path, fields.replace(/,"createTime":"[^"]*","updateTime":"[^"]*"\}\n$/, "}")]);
      }
  return found;
}
