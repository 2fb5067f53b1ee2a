import { cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { openFirestore } from "@ctb-data/firestore";
import { startFirestoreEmulator } from "@ctb-data/firestore-emulator";
import { openPostgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { parseRegistry } from "@ctb-data/registry";
import { describe, expect, test } from "vitest";
import { checksumsOf, type GoldenArchive, goldenFolder } from "../testing/golden/golden-archive.ts";
import { readOverRest, statedDocuments } from "../testing/golden/rest-documents.ts";
import { type StatedPostgres, statePostgres } from "../testing/golden/stated-postgres.ts";
import { testFolder } from "../testing/test-folder.ts";
import {
  listBackups,
  openBackup,
  openStorage,
  restoreBackup,
  type RestoreBackupOptions,
  verifyBackup,
} from "./index.ts";

const formats = (await readdir(goldenFolder)).filter((name) => name.startsWith("format-"));
const archives = (
  await Promise.all(
    formats.map(async (format) => {
      const names = await readdir(join(goldenFolder, format));
      return names
        .filter((name) => !["SHA256SUMS", "test-keys"].includes(name))
        .map((name) => ({ format, name }));
    }),
  )
).flat();

test("there are golden archives of every format that was ever written", () => {
  expect(archives).toEqual([
    { format: "format-1", name: "clear" },
    { format: "format-1", name: "encrypted" },
    { format: "format-1", name: "firestore-only" },
    { format: "format-1", name: "pg-dump" },
  ]);
});

test.each(formats)("no byte of the golden archives of %s has changed", async (format) => {
  const folder = join(goldenFolder, format);
  expect(await checksumsOf(folder)).toBe(await readFile(join(folder, "SHA256SUMS"), "utf8"));
});

describe.each(archives)("the golden archive $format/$name", ({ format, name }) => {
  test("is listed as valid, verified and drilled, and verifies by its content", async () => {
    await using golden = await openGolden(format, name);
    const { archive, storage, identities, trustedKeys } = golden;
    const { id } = archive;
    expect(await listBackups(storage, { trustedKeys })).toMatchObject([
      {
        id,
        valid: true,
        trusted: true,
        verifiedAt: expect.any(Date),
        drilledAt: expect.any(Date),
        record: { previous: archive.previous },
      },
    ]);
    const verify = { storage, id, level: "contents", identities, trustedKeys } as const;
    expect(await verifyBackup(verify)).toMatchObject({
      ok: true,
      findings: [],
      checked: {
        rows: rowsOfTables(await golden.stated()),
        documents: golden.lines.split("\n").filter(Boolean).length,
      },
    });
  });

  test("opens with each of its identities, and says what made it", async () => {
    await using golden = await openGolden(format, name);
    const { archive, storage, identities, trustedKeys } = golden;
    const ways = archive.encryption === "age" ? identities.map((identity) => [identity]) : [[]];
    for (const way of ways) {
      const opened = await openBackup(storage, archive.id, { identities: way, trustedKeys });
      expect(opened.record.encryption.kind).toBe(archive.encryption);
      const { schemaSource } = opened.manifest.postgres ?? { schemaSource: null };
      // With the version of the program behind its name.
      expect(schemaSource?.split(" ")[0] ?? null).toBe(archive.schemaSource);
    }
  });

  test("restores to what its stores held", async ({ skip }) => {
    await using golden = await openGolden(format, name);
    await using target = await openTarget();
    const { archive, storage, identities, trustedKeys, lines } = golden;
    const { postgres, firestore, host, project } = target;
    const wanted = await majorOf(golden);
    skip((await serverMajor(postgres)) < wanted, `needs PostgreSQL ${wanted}`);
    const report = await restoreBackup({
      storage,
      id: archive.id,
      identities,
      trustedKeys,
      ...(archive.schemaSource === null ? {} : { postgres }),
      ...(archive.project === null ? {} : { firestore }),
      ramp: false,
    });
    expect(report.postgres?.warnings ?? []).toEqual([]);
    expect(await statePostgres(postgres)).toEqual(await golden.stated());
    const stated = statedDocuments(lines, { from: archive.project ?? "", to: project });
    expect(await readOverRest({ host, project })).toEqual(stated);
  });
});

interface Golden extends AsyncDisposable, Pick<RestoreBackupOptions, "storage"> {
  readonly archive: GoldenArchive;
  readonly identities: readonly string[];
  readonly trustedKeys: readonly string[];
  /** What a database without anything in it says of itself, when the archive has no rows. */
  readonly stated: () => Promise<StatedPostgres>;
  /** The documents as they were written down; empty when the archive has none. */
  readonly lines: string;
}

/** Opens a copy: work leaves locks and the like behind. */
async function openGolden(format: string, name: string): Promise<Golden> {
  const text = async (path: string): Promise<string> =>
    await readFile(join(goldenFolder, format, path), "utf8");
  const folder = testFolder();
  await cp(join(goldenFolder, format, name, "repository"), folder.path, { recursive: true });
  const archive: GoldenArchive = JSON.parse(await text(`${name}/archive.json`));
  const keys = [await text("test-keys/identity-1.txt"), await text("test-keys/identity-2.txt")];
  const [, publicKey = ""] = (await text("test-keys/signing.pub")).split("\n");
  const storage = await openStorage({ url: folder.path });
  return {
    archive,
    storage,
    identities: keys.flatMap((key) => key.match(/^AGE-SECRET-KEY-1.+$/gmu) ?? []),
    trustedKeys: [publicKey],
    stated: async () =>
      archive.schemaSource === null
        ? { relations: {}, declared: [] }
        : JSON.parse(await text(`${name}/expected-postgres.json`)),
    lines: archive.project === null ? "" : await text(`${name}/expected-documents.ndjson`),
    [Symbol.asyncDispose]: async () => {
      await storage.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

interface Target extends AsyncDisposable {
  readonly postgres: NonNullable<RestoreBackupOptions["postgres"]>;
  readonly firestore: NonNullable<RestoreBackupOptions["firestore"]>;
  readonly host: string;
  readonly project: string;
}

async function openTarget(): Promise<Target> {
  await using opening = new AsyncDisposableStack();
  const database = await createTestDatabase();
  opening.defer(async () => await database.drop());
  const emulator = await startFirestoreEmulator({ port: 0 });
  opening.defer(async () => await emulator.close());
  const postgres = opening.use(await openPostgres({ url: database.url }));
  const place = { projectId: "golden-target", emulatorHost: emulator.address };
  const registry = parseRegistry("tables: {}\n", { file: "none.yml" });
  const firestore = opening.use(await openFirestore({ registry, ...place }));
  const opened = opening.move();
  return {
    postgres,
    firestore,
    host: emulator.address,
    project: place.projectId,
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  };
}

/** The version of PostgreSQL that the rows are from: an older one does not know everything that is there. */
async function majorOf({ archive, storage, identities }: Golden): Promise<number> {
  const { manifest } = await openBackup(storage, archive.id, { identities });
  return Number.parseInt(manifest.postgres?.serverVersion ?? "0", 10);
}

async function serverMajor(postgres: Target["postgres"]): Promise<number> {
  const { rows } = await postgres.query<{ version: string }>(
    "SELECT current_setting('server_version') AS version",
  );
  return Number.parseInt(rows[0]?.version ?? "", 10);
}

/** Views hold no rows of their own. */
function rowsOfTables({ relations, declared }: StatedPostgres): number {
  return Object.entries(relations)
    .filter(([name]) => declared.some((text) => text.startsWith(`table ${name}: `)))
    .reduce((sum, [, { rows }]) => sum + rows, 0);
}
