import type { FailureCode, PlacedFailure } from "../failure.ts";
import type { PipelineStep } from "../progress.ts";
import type { StageFile, StageName, StageRecord, StageTarget } from "./run-record.ts";
import { storableJson } from "./storable-text.ts";

/** The stages in their order. */
export const stageNames: readonly StageName[] = ["input", "middle", "output"];

const states = ["pending", "running", "done", "failed", "cancelled"] as const;
const steps = ["intake", "validate", "promote", "export"] as const;
const codes: ReadonlySet<string> = new Set<FailureCode>([
  "missing", "wrong_type", "too_long", "out_of_range", "not_listed", "wrong_format", "nul_character", "wrong_encoding", "unknown_field",
  "ragged", "unreadable", "too_large", "not_decryptable", "duplicate_key", "missing_reference", "refused",
]); // prettier-ignore

/** What a stage column holds, as text. Whatever it is: anybody may write it. Undefined when it is no record of a stage. */
export function stageOf(text: string | null): StageRecord | undefined {
  const data = objectOf(text === null ? undefined : parsed(text));
  const state = states.find((known) => known === data?.["state"]);
  if (data === undefined || state === undefined) return undefined;
  const step = steps.find((known) => known === data["step"]);
  const target = targetOf(data["target"]);
  const ms = data["ms"];
  return {
    state,
    ...(step && { step }),
    ...(target && { target }),
    ...textOf("startedAt", data["startedAt"]),
    ...textOf("finishedAt", data["finishedAt"]),
    ...(typeof ms === "number" && { ms }),
    counts: countsOf(data["counts"]),
    ...(Array.isArray(data["files"]) && { files: filesOf(data["files"]) }),
    ...(Array.isArray(data["positions"]) && { positions: textsOf(data["positions"]) }),
    firstErrors: errorsOf(data["firstErrors"]),
    ...textOf("failure", data["failure"]),
    ...(Array.isArray(data["workers"]) && { workers: textsOf(data["workers"]) }),
  };
}

/** A stage record for its column. */
export function stageText(stage: StageRecord | undefined): string | null {
  return stage === undefined ? null : storableJson(stage);
}

/** Counts out of JSON: what is no number is left out. */
export function countsOf(value: unknown): Readonly<Record<string, number>> {
  const entries = Object.entries(objectOf(value) ?? {}).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number",
  );
  return Object.fromEntries(entries);
}

/** Files out of JSON. */
export function filesOf(value: unknown): readonly StageFile[] {
  return listOf(value).flatMap((item) => {
    const { file, bytes, sha256 } = objectOf(item) ?? {};
    return typeof file === "string" && typeof bytes === "number" && typeof sha256 === "string"
      ? [{ file, bytes, sha256 }]
      : [];
  });
}

/** Failures out of JSON. */
export function errorsOf(value: unknown): readonly PlacedFailure[] {
  return listOf(value).flatMap((item) => {
    const { place, field, code, message } = objectOf(item) ?? {};
    return typeof place === "string" &&
      typeof field === "string" &&
      isFailureCode(code) &&
      typeof message === "string"
      ? [{ place, field, code, message }]
      : [];
  });
}

/** JSON of somebody else's; undefined when it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The members of a JSON object; undefined for anything else. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? { ...value }
    : undefined;
}

function isFailureCode(value: unknown): value is FailureCode {
  return typeof value === "string" && codes.has(value);
}

function targetOf(value: unknown): StageTarget | undefined {
  const { file, sha256 } = objectOf(value) ?? {};
  if (typeof file !== "string") return undefined;
  return { file, ...(typeof sha256 === "string" && { sha256 }) };
}

function textOf<Name extends string>(
  name: Name,
  value: unknown,
): Readonly<Partial<Record<Name, string>>> {
  const found: Partial<Record<Name, string>> = {};
  if (typeof value === "string") found[name] = value;
  return found;
}

function textsOf(value: unknown): readonly string[] {
  return listOf(value).filter((item) => typeof item === "string");
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Which stage a command is of. */
export function stageOfStep(step: PipelineStep): StageName {
  if (step === "intake") return "input";
  return step === "export" ? "output" : "middle";
}
