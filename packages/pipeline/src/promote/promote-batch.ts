import type { Transaction } from "@ctb-data/postgres";
import type { FieldFailure } from "../failure.ts";
import { CandidateMaker, textOf, type Candidate } from "./candidate.ts";
import { compareBytes, decide, type Decision } from "./decide.ts";
import { isolate } from "./isolate.ts";
import { promotedTo } from "./promoted-to.ts";
import type { PromotableDocument, PromotedBatch, PromotionOutcome } from "./promotion.ts";
import { readTaken } from "./read-taken.ts";
import { readUnchanged } from "./read-unchanged.ts";
import { isKeyTaken, isRefusal, isStaleRecord, NotStored, refusalOf } from "./refusal.ts";
import { groupBy, ReferenceResolver } from "./resolve-references.ts";
import { rowKeyParts } from "./row-key.ts";
import { prepareSql, stage, type Staged } from "./staging.ts";
import { lockTarget, readStandings, type Standing } from "./standing.ts";
import {
  changeRows,
  changeSignature,
  insertRows,
  type RowChange,
  type WriteContext,
  type WrittenRows,
} from "./write-rows.ts";

/** A candidate that may be possible when others have been written. */
interface Pending {
  readonly candidate: Candidate;
  readonly waiting: boolean;
  readonly failures: readonly FieldFailure[];
}

/** A staged document that gets a new row. */
type Insert = Staged & { readonly recorded: boolean };

/** One batch in one transaction. */
export class BatchPromotion {
  readonly #context: WriteContext;
  readonly #tx: Transaction;
  readonly #signal: AbortSignal | undefined;
  readonly #resolver: ReferenceResolver;
  readonly #outcomes = new Map<string, PromotionOutcome>();
  readonly #displaced = new Map<string, readonly FieldFailure[]>();
  #pending: Pending[] = [];
  #next = 1;
  #locked = false;
  #progress = 0;

  constructor(tx: Transaction, context: WriteContext, signal?: AbortSignal) {
    this.#tx = tx;
    this.#context = context;
    this.#signal = signal;
    this.#resolver = new ReferenceResolver(context.target);
  }

  /** @throws {PostgresError} for what concerns no single row. */
  async run(documents: readonly PromotableDocument[]): Promise<PromotedBatch> {
    await this.#tx.query(prepareSql(this.#context.target));
    const maker = new CandidateMaker(this.#context.target);
    const { habit } = this.#context;
    if (habit.unchanged) await this.#settleUnchanged(documents);
    let candidates: readonly Candidate[] = documents
      .filter(({ id }) => !this.#outcomes.has(id))
      .toSorted((a, b) => compareBytes(a.id, b.id))
      .flatMap((document) => {
        const made = maker.make(document);
        if ("document" in made) return [made];
        this.#refuse(document.id, made);
        return [];
      });
    // Each round may make the next one possible: a row that another refers to, a key that becomes free.
    while (candidates.length > 0) {
      const before = this.#progress;
      await this.#round(candidates);
      candidates = this.#pending.map(({ candidate }) => candidate);
      if (this.#progress === before) break;
    }
    this.#giveUp();
    habit.unchanged = [...this.#outcomes.values()].some(
      (outcome) => outcome.kind === "promoted" && outcome.how === "unchanged",
    );
    return {
      outcomes: documents.flatMap(({ id }) => this.#outcomes.get(id) ?? []),
      displaced: [...this.#displaced]
        .filter(([id]) => !this.#outcomes.has(id))
        .map(([id, failures]) => ({ id, failures })),
    };
  }

  async #settleUnchanged(documents: readonly PromotableDocument[]): Promise<void> {
    for (const [id, key] of await readUnchanged(this.#tx, this.#context, documents))
      this.#promoted(id, "unchanged", key);
  }

  async #round(candidates: readonly Candidate[]): Promise<void> {
    const waiting = await this.#resolver.resolve(this.#tx, this.#context.records, candidates);
    const unready = new Set(waiting.map(({ candidate }) => candidate));
    this.#pending = waiting.map((one) => ({ ...one, waiting: true }));
    const from = this.#next;
    const rows = candidates
      .filter((candidate) => !unready.has(candidate))
      .map((candidate) => ({ n: this.#next++, candidate }));
    if (rows.length === 0) return;
    const staged = await this.#stage(rows);
    if (!this.#locked) await lockTarget(this.#tx, this.#context.target);
    this.#locked = true;
    const standings = await readStandings(this.#tx, this.#context.target, {
      records: this.#context.records,
      keyed: this.#keyedGroups(staged),
      from,
    });
    const { inserts, changes } = this.#sort(staged, standings);
    for (const list of groupBy(changes, (one) =>
      changeSignature(one, this.#context.target),
    ).values())
      await this.#change(list);
    for (const list of await this.#withoutTaken(inserts))
      for (const part of groupBy(
        list,
        ({ recorded, candidate }) => `${recorded} ${candidate.group.presets}`,
      ).values())
        await this.#insert(part, part[0]?.recorded === true);
  }

  /** What would be refused is not tried, or apart, where a trigger may make something else of it. */
  async #withoutTaken(inserts: readonly Insert[]): Promise<readonly (readonly Insert[])[]> {
    if (inserts.length === 0) return [];
    const taken = await readTaken(this.#tx, this.#context, inserts);
    const free = inserts.filter((one) => !taken.has(one));
    if (this.#context.target.live.changesRows)
      return [free, inserts.filter((one) => taken.has(one))];
    for (const [{ candidate }, { failure, byKey }] of taken) {
      this.#wait({ candidate, waiting: false, failures: [failure] });
      // Whose row it is will be seen in the next round.
      if (byKey && !candidate.skipped) this.#progress += 1;
      candidate.skipped = true;
    }
    return [free];
  }

  /** Values that the types of the live table refuse stay out. */
  async #stage(rows: readonly Staged[]): Promise<readonly Staged[]> {
    const { target } = this.#context;
    const staged: Staged[] = [];
    await isolate(this.#tx, rows, {
      attempt: async (tx, part) => {
        await stage(tx, target, part, this.#signal);
        staged.push(...part);
      },
      isRefusal: (error) => isRefusal(error, target),
      refused: ({ candidate }, error) =>
        this.#refuse(candidate.document.id, [refusalOf(error, target, candidate)]),
    });
    return staged;
  }

  #keyedGroups(staged: readonly Staged[]): readonly number[] {
    const { upsertKey } = this.#context.target;
    if (upsertKey === undefined) return [];
    const groups = new Set(staged.map(({ candidate }) => candidate.group));
    return [...groups]
      .filter((group) => upsertKey.columns.every((column) => group.columns.includes(column)))
      .map(({ g }) => g);
  }

  /** Decides about each; of those that claim one key or one row only the first is written in this round. */
  #sort(
    staged: readonly Staged[],
    standings: ReadonlyMap<number, Standing>,
  ): { readonly inserts: readonly Insert[]; readonly changes: readonly RowChange[] } {
    const decided = staged.map((one) => ({
      one,
      decision: decide(this.#context.target, one, standings.get(one.n)),
    }));
    const taken = new Set(
      decided.flatMap(({ decision }) =>
        decision.kind === "write" && decision.how === "updated" && decision.loser === undefined
          ? [rowName(decision.rowKey)]
          : [],
      ),
    );
    const inserts: Insert[] = [];
    const changes: RowChange[] = [];
    for (const { one, decision } of decided) {
      if (decision.kind !== "insert" && decision.kind !== "write") {
        this.#settle(one, decision);
        continue;
      }
      const claims = this.#claims(one, decision);
      if (claims.some((name) => taken.has(name))) {
        this.#wait({ candidate: one.candidate, waiting: false, failures: [] });
        // Whoever takes it is settled in this round.
        this.#progress += 1;
        continue;
      }
      for (const name of claims) taken.add(name);
      if (decision.kind === "insert") inserts.push({ ...one, recorded: decision.recorded });
      else changes.push({ ...decision, staged: one });
    }
    return { inserts, changes };
  }

  /** The key, and the row unless it is the document's own. */
  #claims(
    { candidate }: Staged,
    decision: Extract<Decision, { kind: "insert" | "write" }>,
  ): readonly string[] {
    const { upsertKey } = this.#context.target;
    const values = upsertKey?.columns.map((column) => textOf(candidate, column)) ?? [];
    const key =
      values.length > 0 && values.every((value) => typeof value === "string")
        ? [`key ${JSON.stringify(values)}`]
        : [];
    const own = decision.kind === "write" && decision.how === "updated" && !decision.loser;
    return decision.kind === "write" && !own ? [...key, rowName(decision.rowKey)] : key;
  }

  #settle(
    { candidate }: Staged,
    decision: Exclude<Decision, { kind: "insert" } | { kind: "write" }>,
  ): void {
    const { id } = candidate.document;
    if (decision.kind === "unchanged") this.#promoted(id, "unchanged", decision.rowKey);
    else if (decision.kind === "superseded") this.#outcomes.set(id, { kind: "superseded", id });
    else if (decision.kind === "refused") this.#refuse(id, decision.failures);
    else {
      const { waiting, failures } = decision;
      this.#wait({ candidate, waiting, failures });
    }
  }

  #wait(pending: Pending): void {
    this.#pending.push(pending);
  }

  async #insert(rows: readonly Staged[], recorded: boolean): Promise<void> {
    const { target } = this.#context;
    let clean = recorded;
    await isolate(this.#tx, rows, {
      attempt: async (tx, part) => {
        const written = await insertRows(tx, this.#context, { rows: part, clean });
        for (const { n, candidate } of part)
          this.#promoted(candidate.document.id, "inserted", written.rowKeys.get(n) ?? "");
        this.#lost(written);
      },
      isRefusal: (error) => isRefusal(error, target),
      refused: (one, error) => this.#notWritten(one, error),
      // Only when there are any does it cost something that records of rows that are gone may be in the way.
      again: (error) => {
        const first = isStaleRecord(error) && !clean;
        clean ||= first;
        return first;
      },
    });
  }

  async #change(changes: readonly RowChange[]): Promise<void> {
    const { target } = this.#context;
    await isolate(this.#tx, changes, {
      attempt: async (tx, part) => {
        const written = await changeRows(tx, this.#context, part);
        for (const { staged, how } of part)
          this.#promoted(staged.candidate.document.id, how, written.rowKeys.get(staged.n) ?? "");
        this.#lost(written);
      },
      isRefusal: (error) => isRefusal(error, target),
      refused: ({ staged }, error) => this.#notWritten(staged, error),
    });
  }

  /** A row that was not stored, without a reason, may have been somebody's who came in between: it is looked at once more. */
  #notWritten({ candidate }: Staged, error: unknown): void {
    const failures = [refusalOf(error, this.#context.target, candidate)];
    if (failures.some(({ code }) => code === "missing_reference")) {
      this.#wait({ candidate, waiting: true, failures });
      return;
    }
    const maybe = error instanceof NotStored || isKeyTaken(error, this.#context.target);
    if (!maybe || candidate.skipped) {
      this.#refuse(candidate.document.id, failures);
      return;
    }
    candidate.skipped = true;
    this.#wait({ candidate, waiting: false, failures });
    this.#progress += 1;
  }

  #promoted(
    id: string,
    how: "inserted" | "updated" | "adopted" | "unchanged",
    rowKey: string,
  ): void {
    if (how !== "unchanged") this.#progress += 1;
    const {
      table: { name },
      primaryKey,
    } = this.#context.target;
    const seen =
      this.#context.rehearsal && how === "inserted"
        ? ["?"]
        : rowKeyParts(rowKey, primaryKey.length);
    this.#outcomes.set(id, { kind: "promoted", id, how, promotedTo: promotedTo(name, seen) });
  }

  #refuse(id: string, failures: readonly FieldFailure[]): void {
    this.#outcomes.set(id, { kind: "refused", id, failures });
  }

  #lost({ losers }: WrittenRows): void {
    const { collection } = this.#context.target;
    for (const loser of losers.filter((one) => one.collection === collection)) {
      this.#displaced.set(loser.id, lostItsRow);
      // It was settled before, in this very batch.
      if (this.#outcomes.has(loser.id)) this.#refuse(loser.id, lostItsRow);
    }
  }

  #giveUp(): void {
    for (const { candidate, waiting, failures } of this.#pending) {
      const { id } = candidate.document;
      if (waiting) this.#outcomes.set(id, { kind: "waiting", id, failures });
      else this.#refuse(id, failures);
    }
  }
}

const lostItsRow: readonly FieldFailure[] = [
  {
    field: "",
    code: "duplicate_key",
    message: "A document with a smaller id has the key of this one.",
  },
];

const rowName = (rowKey: string): string => `row ${rowKey}`;
