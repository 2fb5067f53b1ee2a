import type { BackupEncryption, PruneResult, ScheduleEvent } from "@ctb-data/backup";
import type { CommandContext } from "../command-context.ts";
import type { Settings } from "../config/settings.ts";
import { failureOf } from "../failure.ts";
import { bytesText } from "../terminal/bytes-text.ts";
import { countOf, durationText } from "../terminal/count-of.ts";
import { printJson } from "../terminal/print-json.ts";
import { printable } from "../terminal/printable.ts";
import { totalsText } from "./backup-words.ts";
import type { MadeBackup } from "./make-backup.ts";
import type { StoreName } from "./open-backup-stores.ts";

/** What the daemon tells of itself. */
export interface ScheduleLog {
  readonly event: (event: ScheduleEvent) => void;
  readonly made: (made: MadeBackup) => void;
  readonly pruned: (result: PruneResult) => void;
  readonly notPruned: (error: unknown) => void;
}

/** What a schedule works with, as it is told at its start. */
export interface ScheduleFacts {
  readonly settings: Settings;
  readonly storage: string;
  readonly encryption: BackupEncryption;
  readonly stores: readonly StoreName[];
}

/**
 * A line with its time for everything that happens. With `--json` the effective configuration is the one document on stdout, and what
 * happens is one document a line on stderr, `{"event": {…}}`.
 */
export function scheduleLog(context: CommandContext, facts: ScheduleFacts): ScheduleLog {
  return context.terminal.json ? jsonLog(context, facts) : lineLog(context, facts);
}

function jsonLog({ terminal }: CommandContext, facts: ScheduleFacts): ScheduleLog {
  const tell = (event: object): void => {
    terminal.err.write(`${JSON.stringify({ event: { at: new Date(), ...event } })}\n`);
  };
  return {
    event: (event) => {
      if (event.kind === "started") {
        printJson(terminal, { ...configurationOf(facts), next: event.next });
        return;
      }
      tell("error" in event ? { ...event, error: shortFailure(event.error) } : event);
    },
    made: ({ created: { id, record }, evidence }) => {
      tell({ kind: "backup", id, totals: record.totals, ok: evidence?.ok ?? true });
    },
    pruned: ({ deleted, freedBytes, problems }) => {
      tell({ kind: "pruned", deleted, freedBytes, problems });
    },
    notPruned: (error) => {
      tell({ kind: "not-pruned", error: shortFailure(error) });
    },
  };
}

function lineLog(context: CommandContext, facts: ScheduleFacts): ScheduleLog {
  const { out } = context.terminal;
  const line = (text: string): void => {
    const time = new Date().toISOString().slice(0, 19);
    out.line(`${out.paint("dim", `${time}Z`)} ${printable(text)}`);
  };
  return {
    event: (event) => {
      if (event.kind === "started") {
        sayStart(context, facts, event.next);
        return;
      }
      const text = eventText(event);
      if (text !== undefined) {
        line(text);
      }
    },
    made: ({ created: { id, record }, evidence }) => {
      line(`Backup ${id}: ${totalsText(record)}.`);
      for (const warning of record.warnings) {
        line(`warning: ${warning}`);
      }
      for (const finding of evidence?.findings ?? []) {
        line(`NOT RIGHT: ${finding}`);
      }
      if (evidence?.ok === true) {
        line("Verified: every stored byte was read back.");
      }
    },
    pruned: ({ deleted, freedBytes, problems }) => {
      if (deleted.length > 0) {
        line(
          `Pruned ${countOf(deleted.length, "backup")}, ${bytesText(freedBytes)}: ${deleted.join(", ")}.`,
        );
      }
      for (const { id, why } of problems) {
        line(`warning: ${id}: ${why}`);
      }
    },
    notPruned: (error) => {
      const { code, message, hint } = shortFailure(error);
      line(`warning: nothing was pruned (${code}): ${message} ${hint}`);
    },
  };
}

function configurationOf({ settings, storage, encryption, stores }: ScheduleFacts) {
  return {
    schedule: settings.BACKUP_SCHEDULE,
    timeZone: settings.BACKUP_TIMEZONE,
    storage,
    stores,
    encryption,
    retention: {
      days: settings.BACKUP_RETENTION_DAYS,
      minKeep: settings.BACKUP_MIN_KEEP,
      daily: settings.BACKUP_KEEP_DAILY ?? 0,
      weekly: settings.BACKUP_KEEP_WEEKLY ?? 0,
      monthly: settings.BACKUP_KEEP_MONTHLY ?? 0,
      yearly: settings.BACKUP_KEEP_YEARLY ?? 0,
    },
  };
}

function sayStart(context: CommandContext, facts: ScheduleFacts, next: readonly Date[]): void {
  const { out } = context.terminal;
  const { schedule, timeZone, storage, stores, retention } = configurationOf(facts);
  const { encryption } = facts;
  const keeps = (["daily", "weekly", "monthly", "yearly"] as const)
    .filter((rule) => retention[rule] > 0)
    .map((rule) => `, ${retention[rule]} ${rule}`);
  const lines = [
    ["schedule", `${schedule} (${timeZone})`],
    [
      "backs up",
      stores.map((store) => (store === "postgres" ? "PostgreSQL" : "Firestore")).join(", "),
    ],
    ["into", storage],
    [
      "encrypted",
      encryption.kind === "none"
        ? "no"
        : `to ${countOf(encryption.recipients.length, "recipient")}`,
    ],
    [
      "keeps",
      `${countOf(retention.days, "day")}, at least ${retention.minKeep} verified${keeps.join("")}`,
    ],
    ["next runs", next.map((run) => run.toISOString().slice(0, 16).replace("T", " ")).join(", ")],
  ] as const;
  for (const [name, value] of lines) {
    out.line(`${out.paint("dim", name.padEnd(10))} ${value}${name === "next runs" ? " UTC" : ""}`);
  }
  out.line("Ctrl-C stops it.");
}

function eventText(
  event: Exclude<ScheduleEvent, { readonly kind: "started" }>,
): string | undefined {
  switch (event.kind) {
    case "disabled":
      return "Backups are switched off.";
    case "waiting":
      return `Waiting for ${event.until.toISOString()}.`;
    case "running":
      return `Running for ${event.scheduledAt.toISOString()}.`;
    case "locked":
      return `Somebody else is making this backup: ${event.error.message}`;
    case "failed": {
      const { code, message, hint } = shortFailure(event.error);
      return `FAILED (${code}): ${message} ${hint} Trying again in ${durationText(event.retryInMs)}.`;
    }
    case "clock":
      return `The clock jumped by ${durationText(Math.abs(event.jumpedMs))}, or this machine slept.`;
    case "stopped":
      return "Stopped.";
    case "done":
    default:
      // What a run made was said by itself.
      return undefined;
  }
}

function shortFailure(error: unknown): {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
} {
  const { code, message, hint } = failureOf(error);
  return { code, message, hint };
}
