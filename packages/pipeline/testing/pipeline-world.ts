import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openFirestore, type Firestore } from "@ctb-data/firestore";
import { openPostgres, schemaSql, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import type { RunOptions } from "../src/run/run-options.ts";
import { runPipeline } from "../src/run/run-pipeline.ts";
import type { RunRecord, StoredBlueprint } from "../src/runs/run-record.ts";
import { storeBlueprint } from "../src/runs/store-blueprint.ts";
import type { BothStores } from "../src/work-options.ts";
import { startTestFirestore } from "./middle-world.ts";

/** Where another process finds the stores of a world. */
export interface PipelinePlace {
  readonly url: string;
  readonly host: string;
  readonly project: string;
}

/** Both stores with the registry that `ctb-data init` lays down, empty, and a folder for files. */
export interface PipelineWorld extends AsyncDisposable, PipelinePlace {
  readonly stores: BothStores;
  readonly postgres: Postgres;
  readonly firestore: Firestore;
  readonly folder: string;
  /** The path of a file of the folder. */
  at(name: string): string;
  blueprint(text: string): Promise<StoredBlueprint>;
  /** A run of a blueprint, on leases of a second. */
  run(blueprint: StoredBlueprint, options?: Omit<RunOptions, "blueprint">): Promise<RunRecord>;
}

const seed = fileURLToPath(
  new URL("../../registry/seed/clnt_column_registry.yml", import.meta.url),
);

/** The registry that `ctb-data init` lays down. */
export async function seedRegistry(): Promise<Registry> {
  return parseRegistry(await readFile(seed, "utf8"), { file: "registry.yml" });
}

/** Opens the stores of a place, for a process of its own. */
export async function openPlace(place: PipelinePlace): Promise<BothStores & AsyncDisposable> {
  const registry = await seedRegistry();
  await using opening = new AsyncDisposableStack();
  const postgres = opening.use(await openPostgres({ url: place.url, registry }));
  const firestore = opening.use(
    await openFirestore({ registry, projectId: place.project, emulatorHost: place.host }),
  );
  const opened = opening.move();
  return {
    registry,
    postgres,
    firestore,
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  };
}

/** Makes one. @param firestoreHost of a server that is there; else one is started. */
export async function openPipelineWorld(firestoreHost?: string): Promise<PipelineWorld> {
  await using opening = new AsyncDisposableStack();
  const { url } = opening.use(await createTestDatabase());
  const host = firestoreHost ?? opening.use(await startTestFirestore()).address;
  const project = `pipeline-${randomUUID().slice(0, 18)}`;
  const stores = opening.use(await openPlace({ url, host, project }));
  await stores.postgres.query(schemaSql(stores.registry));
  const folder = await mkdtemp(join(tmpdir(), "ctb-data-pipeline-"));
  opening.defer(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  const opened = opening.move();
  return {
    url,
    host,
    project,
    stores,
    folder,
    postgres: stores.postgres,
    firestore: stores.firestore,
    at: (name) => join(folder, name),
    blueprint: async (text) => await storeBlueprint(stores, { text, file: "blueprint.yml" }),
    run: async (blueprint, options = {}) =>
      await runPipeline(stores, { leaseMs: 1000, ...options, blueprint }),
    [Symbol.asyncDispose]: async () => {
      await opened.disposeAsync();
    },
  };
}
