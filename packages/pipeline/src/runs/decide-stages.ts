import type { PipelineStep } from "../progress.ts";
import type { StageName, StageRecord, StageTarget } from "./run-record.ts";
import { stageNames } from "./stage-record.ts";

/** The stages of a run. */
export type Stages = Readonly<Partial<Record<StageName, StageRecord>>>;

/** A stage that a runner is going to do. */
export interface WantedStage {
  readonly stage: StageName;
  readonly step: PipelineStep;
  readonly target?: StageTarget | undefined;
}

export type StageDecision =
  /** The stages as they are from now on. The work of those from `anew` on is to be forgotten; undefined when none of it is. */
  | { readonly stages: Stages; readonly anew: StageName | undefined }
  /** Why this runner cannot join. */
  | { readonly conflict: string };

/**
 * What becomes of the stages of an open run when a runner comes that wants to do some of them.
 *
 * Beside others that live it does what they do, or what comes after. A run that nobody is at is gone on with where a stage was interrupted; else a stage
 * that is done is begun anew, and what comes after it is open again.
 *
 * @param wanted in the order of the stages.
 */
export function decideStages(
  stages: Stages,
  wanted: readonly WantedStage[],
  { live, interrupted }: { readonly live: boolean; readonly interrupted: boolean },
): StageDecision {
  const conflict = live ? conflictWithOthers(stages, wanted) : conflictWithRest(stages, wanted);
  if (conflict !== undefined) return { conflict };
  const resumes =
    live ||
    (interrupted
      ? wanted.some(({ stage }) => stages[stage]?.state !== "done")
      : wanted.some((want) => isInterrupted(want, stages[want.stage])));
  const first = wanted.find((want) => {
    const record = stages[want.stage];
    if (record === undefined || !isSame(want, record)) return true;
    return record.state === "done" ? !resumes : record.startedAt === undefined && !live;
  });
  if (first === undefined) return { stages, anew: undefined };
  const from = stageNames.indexOf(first.stage);
  const kept = stageNames.slice(0, from).map((name) => [name, stages[name]] as const);
  const fresh = wanted
    .filter(({ stage }) => stageNames.indexOf(stage) >= from)
    .map((want) => [want.stage, plannedStage(want)] as const);
  return { stages: Object.fromEntries([...kept, ...fresh]), anew: first.stage };
}

/** A stage that nobody has begun. */
function plannedStage({ step, target }: WantedStage): StageRecord {
  return {
    state: "pending",
    step,
    ...(target && { target: { ...target } }),
    counts: {},
    firstErrors: [],
  };
}

function conflictWithOthers(stages: Stages, wanted: readonly WantedStage[]): string | undefined {
  for (const want of wanted) {
    const record = stages[want.stage];
    if (record === undefined) {
      const later = stageNames.slice(stageNames.indexOf(want.stage) + 1);
      const begun = later.find((name) => stages[name] !== undefined);
      if (begun !== undefined) return `it is past its ${want.stage} stage`;
    } else if (!isSame(want, record)) return difference(want, record);
  }
  const open = stageNames.filter((name) => isOpen(stages[name]));
  const theirs = open.filter((name) => wanted.every(({ stage }) => stage !== name));
  const mine = wanted.filter(({ stage }) => stages[stage]?.state !== "done");
  const blocked = theirs.find(
    (name) =>
      mine.length === 0 ||
      mine.some(({ stage }) => stageNames.indexOf(stage) > stageNames.indexOf(name)),
  );
  return blocked === undefined ? undefined : `its ${blocked} stage is not done yet`;
}

/** What was begun and is not done is finished with what it was begun with. */
function conflictWithRest(stages: Stages, wanted: readonly WantedStage[]): string | undefined {
  for (const want of wanted) {
    const record = stages[want.stage];
    if (record?.startedAt === undefined || !isOpen(record)) continue;
    if (!isSameTarget(want.target, record.target)) return difference(want, record);
  }
  return undefined;
}

function difference(want: WantedStage, { step, target }: StageRecord): string {
  if (want.step !== step)
    return `it is there to ${step ?? "do something else"}, not to ${want.step}`;
  const names = `${nameOf(target)}, not ${nameOf(want.target)}`;
  return target?.file === want.target?.file
    ? `${nameOf(target)} had another content when it began`
    : `it ${step === "export" ? "writes" : "reads"} ${names}`;
}

function isOpen(record: StageRecord | undefined): boolean {
  return record !== undefined && record.state !== "done";
}

function isInterrupted(want: WantedStage, record: StageRecord | undefined): boolean {
  return record?.startedAt !== undefined && isOpen(record) && isSame(want, record);
}

function isSame(want: WantedStage, { step, target }: StageRecord): boolean {
  return want.step === step && isSameTarget(want.target, target);
}

function isSameTarget(one: StageTarget | undefined, other: StageTarget | undefined): boolean {
  if (one?.sha256 !== undefined && other?.sha256 !== undefined) return one.sha256 === other.sha256;
  return one?.file === other?.file;
}

function nameOf(target: StageTarget | undefined): string {
  return target === undefined ? "none" : JSON.stringify(target.file);
}
