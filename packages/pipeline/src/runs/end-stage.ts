import type { Queryable, Transaction } from "@ctb-data/postgres";
import type { VendorBlueprint } from "@ctb-data/registry";
import type { Stages } from "./decide-stages.ts";
import type { StageName, StageRecord } from "./run-record.ts";
import { stageNames } from "./stage-record.ts";
import { readParts, withParts, type RunKey } from "./stage-work.ts";

/** PostgreSQL's clock, ISO 8601 in UTC. Every time of a run is of it. */
export async function serverTime(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ readonly now: string }>(
    `SELECT pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS now`,
  );
  return rows[0]?.now ?? "";
}

/** How a stage stops. */
export interface StageEnd {
  readonly state: StageRecord["state"];
  readonly failure?: string | undefined;
}

/** A stage that stops now, with what all runners have done in it. */
export async function endedStage(
  tx: Transaction,
  record: StageRecord,
  { key, name, end }: { readonly key: RunKey; readonly name: StageName; readonly end: StageEnd },
): Promise<StageRecord> {
  const finishedAt = await serverTime(tx);
  const { startedAt = finishedAt } = record;
  const { failure: _before, ...rest } = withParts(record, await readParts(tx, key, name));
  return {
    ...rest,
    state: end.state,
    startedAt,
    ...(end.state !== "pending" && {
      finishedAt,
      // The server's clock may have gone back.
      ms: Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)),
    }),
    ...(end.failure !== undefined && { failure: end.failure }),
  };
}

/** The stages, those that are not done stopped as `end` says. It gives undefined for one that is left as it is. */
export async function withEndedStages(
  tx: Transaction,
  stages: Stages,
  {
    key,
    end,
  }: {
    readonly key: RunKey;
    readonly end: (name: StageName, record: StageRecord) => StageEnd | undefined;
  },
): Promise<Stages> {
  const ended: [StageName, StageRecord][] = [];
  for (const name of stageNames) {
    const record = stages[name];
    if (record === undefined) continue;
    const how = record.state === "done" ? undefined : end(name, record);
    ended.push([name, how ? await endedStage(tx, record, { key, name, end: how }) : record]);
  }
  return Object.fromEntries(ended);
}

/** For a stage that was begun. */
export function endIfBegun(
  state: StageRecord["state"],
): (name: StageName, record: StageRecord) => StageEnd | undefined {
  return (_name, { startedAt }) => (startedAt === undefined ? undefined : { state });
}

/**
 * Whether all that the blueprint has is done. Documents may have come by themselves: an input that nobody was asked for does not miss. Validating alone
 * is not the middle stage.
 */
export function isComplete(
  blueprint: Pick<VendorBlueprint, "intake" | "export">,
  { input, middle, output }: Stages,
): boolean {
  const isIn = input === undefined || input.state === "done";
  const isThrough = middle?.state === "done" && middle.step === "promote";
  return (
    (blueprint.intake === undefined || (isIn && isThrough)) &&
    (blueprint.export === undefined || output?.state === "done")
  );
}
