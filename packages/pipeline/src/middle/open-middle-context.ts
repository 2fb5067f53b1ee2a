import type { RawWriteOptions } from "@ctb-data/firestore";
import type { BlueprintIntake, ValueOrigin } from "@ctb-data/registry";
import { compileIntakeDocuments } from "../documents/compile-intake-documents.ts";
import { FailureDocuments } from "../documents/failure-documents.ts";
import { openPromoter } from "../promote/open-promoter.ts";
import type { BothStores } from "../work-options.ts";
import { FirstErrors } from "./first-errors.ts";
import type { MiddleContext } from "./middle-context.ts";
import type { MiddleOptions } from "./middle-options.ts";

const defaultBatch = 2000;
const defaultPatienceMs = 120_000;
/** Of the raw access itself, before the whole is tried again. */
const retries = 5;
/** What Firestore asks for: 500 writes per second at first, and half more every five minutes. */
const firstRate = 500;
const rateStepMs = 5 * 60_000;

/** What the parts of the stage need. @throws {PipelineError} */
export async function openMiddleContext(
  stores: BothStores,
  options: MiddleOptions,
): Promise<MiddleContext> {
  const { registry, firestore, keyring } = stores;
  const { collection, table } = options.blueprint.intake;
  const { batch = defaultBatch, patienceMs = defaultPatienceMs, onProgress, signal } = options;
  return {
    stores,
    documents: compileIntakeDocuments({ registry, table, collection, firestore, keyring }),
    failures: new FailureDocuments(firestore.raw, collection),
    promoter: options.promote
      ? await openPromoter({ stores, table, collection, ...columnsOf(options.blueprint.intake) })
      : undefined,
    begunAt: options.begunAt,
    batch,
    patienceMs,
    writeOptions: writeOptionsOf(firestore.emulator),
    errors: new FirstErrors(),
    onProgress,
    signal,
  };
}

const nameOf = ({ column, path }: ValueOrigin): string => JSON.stringify([column, ...path]);

/** Canonical columns: all that the blueprint gives, those whose values are in its key, and those that are always the same. */
function columnsOf({ columns, key }: BlueprintIntake): {
  readonly mapped: readonly string[];
  readonly keyColumns: readonly string[];
  readonly constants: readonly string[];
} {
  const keys = new Set(key.map((origin) => nameOf(origin)));
  const ofKey = [...columns.values()].filter(
    ({ origin }) => origin.kind === "column" && keys.has(nameOf(origin)),
  );
  const constants = [...columns.values()].filter(({ origin }) => origin.kind === "constant");
  return {
    mapped: [...columns.keys()],
    keyColumns: ofKey.map(({ column }) => column),
    constants: constants.map(({ column }) => column),
  };
}

function writeOptionsOf(isEmulator: boolean): () => Pick<RawWriteOptions, "ramp" | "retries"> {
  const beganAt = performance.now();
  return () => {
    if (isEmulator) return { ramp: false, retries };
    const steps = Math.floor((performance.now() - beganAt) / rateStepMs);
    return { ramp: { start: Math.min(10_000, Math.round(firstRate * 1.5 ** steps)) }, retries };
  };
}
