import type { Connection, Postgres } from "@ctb-data/postgres";
import type { TableManifest, Uncovered } from "../archive/postgres-manifest.ts";
import { BackupError } from "../backup-error.ts";
import type { PartSink } from "../part/part.ts";
import type { OnBackupProgress } from "../progress.ts";
import { compareFingerprints, readFingerprint } from "./catalog-fingerprint.ts";
import { asDatabaseWork, databaseFailure } from "./database-failure.ts";
import { dumpRows } from "./dump-rows.ts";
import { dumpSequences, type DumpedSequences, type ListedSequence } from "./dump-sequences.ts";
import type { LockedSessions } from "./lock-tables.ts";
import type { PostgresSnapshot } from "./postgres-snapshot.ts";
import { someNames } from "./qualified-name.ts";
import type { ServerFacts } from "./server-facts.ts";
import { sessionSettings } from "./session-settings.ts";
import type { SnapshotFacts } from "./snapshot-facts.ts";
import { SnapshotSessions } from "./snapshot-sessions.ts";

export interface LockedSnapshotOptions {
  readonly postgres: Postgres;
  readonly parts: PartSink;
  readonly jobs: number;
  readonly splitBytes: number;
  readonly server: ServerFacts;
  readonly sessions: LockedSessions;
  readonly facts: SnapshotFacts;
  readonly sequences: readonly ListedSequence[];
  readonly onProgress?: OnBackupProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Well below the minutes after which networks and hosts forget a silent connection. */
const heartbeatMs = 20_000;

/** @internal */
export class LockedSnapshot implements PostgresSnapshot {
  readonly server: ServerFacts;
  readonly id: string;
  readonly snapshot: string;
  readonly takenAt: string;
  readonly lsn: string | null;
  readonly uncovered: readonly Uncovered[];
  readonly #options: LockedSnapshotOptions;
  readonly #workers: SnapshotSessions;
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(options: LockedSnapshotOptions) {
    const { server, sessions, facts, signal } = options;
    this.#options = options;
    this.server = server;
    this.id = sessions.id;
    this.snapshot = facts.snapshot;
    this.takenAt = facts.takenAt;
    this.lsn = facts.lsn;
    this.uncovered = facts.uncovered;
    this.#workers = new SnapshotSessions(sessions.workers);
    this.#signal = signal ? AbortSignal.any([signal, this.#ended.signal]) : this.#ended.signal;
    this.#heartbeat = setInterval(() => void this.#beat(), heartbeatMs);
    this.#heartbeat.unref();
  }

  async withSnapshotConnection<T>(fn: (connection: Connection) => Promise<T>): Promise<T> {
    checkSignal(this.#signal);
    return await this.#workers.use(fn);
  }

  async dumpRows({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<
    readonly TableManifest[]
  > {
    const { facts, server, onProgress } = this.#options;
    const both = signal ? AbortSignal.any([this.#signal, signal]) : this.#signal;
    checkSignal(both);
    onProgress?.({ kind: "step", step: "rows" });
    const bytes = facts.tables.reduce((sum, table) => sum + table.sizeBytes, 0);
    onProgress?.({ kind: "total", store: "postgres", items: undefined, bytes });
    const tables = await stoppable(
      both,
      async () =>
        await dumpRows(facts.tables, {
          ...this.#options,
          sessions: this.#workers,
          canSplit: server.versionNumber >= 140_000,
          onProgress,
          signal: both,
        }),
    );
    // The locks of the first session lasted to here, so every table was what the snapshot says.
    await this.#checkLead();
    return tables;
  }

  async dumpSequences(): Promise<DumpedSequences> {
    const { sequences, onProgress, sessions } = this.#options;
    checkSignal(this.#signal);
    onProgress?.({ kind: "step", step: "sequences" });
    return await asDatabaseWork(
      { doing: "Reading the sequences" },
      async () => await dumpSequences(sessions.lead.connection, sequences),
    );
  }

  async checkSchemaUnchanged(): Promise<{ readonly warnings: readonly string[] }> {
    const { facts, postgres, server } = this.#options;
    checkSignal(this.#signal);
    const now = await asDatabaseWork(
      { doing: "Reading the catalog" },
      async () =>
        await postgres.withConnection(async (connection) => {
          await connection.query(`BEGIN READ ONLY; ${sessionSettings(server.versionNumber)}`);
          const fingerprint = await readFingerprint(connection);
          await connection.query("COMMIT");
          return fingerprint;
        }),
    );
    await this.#checkLead();
    const { changed, removed, added } = compareFingerprints(facts.fingerprint, now);
    if (changed.length + removed.length > 0) throw schemaChanged(changed, removed);
    if (added.length === 0) return { warnings: [] };
    return {
      warnings: [
        `Made during the backup, after its snapshot, and not in it: ${someNames(added, 20)}.`,
      ],
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    const { lead, workers } = this.#options.sessions;
    this.#ended.abort(new BackupError("CANCELLED", "The snapshot was closed."));
    await Promise.all([lead, ...workers].map(async (held) => await held.release()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Keeps the first session awake, and tells everybody when it is gone. */
  async #beat(): Promise<void> {
    try {
      await this.#options.sessions.lead.connection.query("SELECT 1");
    } catch (error) {
      this.#ended.abort(leadLost(error));
    }
  }

  async #checkLead(): Promise<void> {
    try {
      await this.#options.sessions.lead.connection.query("SELECT 1");
    } catch (error) {
      throw leadLost(error);
    }
  }
}

function checkSignal(signal: AbortSignal): void {
  if (signal.aborted) throw reasonOf(signal);
}

async function stoppable<T>(signal: AbortSignal, fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    throw signal.aborted ? reasonOf(signal) : error;
  }
}

function reasonOf(signal: AbortSignal): unknown {
  const reason: unknown = signal.reason;
  if (reason instanceof BackupError) return reason;
  return new BackupError("CANCELLED", "The backup was stopped.", { cause: reason });
}

function leadLost(error: unknown): unknown {
  return databaseFailure(error, {
    doing: "Keeping the snapshot",
    hint: "The session that held the snapshot ended: see the server's log for who ended it.",
  });
}

function schemaChanged(changed: readonly string[], removed: readonly string[]): BackupError {
  const what = [
    ...(changed.length > 0 ? [`altered: ${someNames(changed)}`] : []),
    ...(removed.length > 0 ? [`dropped: ${someNames(removed)}`] : []),
  ].join("; ");
  return new BackupError("SCHEMA_CHANGED", `The schema changed during the backup (${what}).`, {
    hint: "Run the backup when no migration runs.",
  });
}
