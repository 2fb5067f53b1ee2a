import type {
  DocumentReference,
  Query as SdkQuery,
  QuerySnapshot,
  Timestamp,
} from "firebase-admin/firestore";
import { toFirestoreError } from "./classify-error.ts";
import type { CollectionBinding } from "./collection-binding.ts";
import type { AnyShape } from "./document-shape.ts";
import type { FirestoreContext } from "./firestore-context.ts";
import { FirestoreError } from "./firestore-error.ts";
import { cancelled } from "./limits.ts";
import type { DocumentChange, ListenOptions, QueryState } from "./query.ts";
import type { StoredDocument } from "./stored-document.ts";

type Document = StoredDocument<AnyShape>;

/** Starts a listener of the SDK. Reading a state may throw, as a document may not fit. Returns what stops it. */
type Start<State> = (
  next: (readState: () => State) => void,
  fail: (error: unknown) => void,
) => () => void;

/** The documents of a query, without what changed: that depends on what was handed out before. */
interface DocumentList {
  readonly documents: readonly Document[];
  readonly readTime: Timestamp;
}

interface ListenedQuery {
  readonly query: SdkQuery;
  readonly fields: ReadonlySet<string> | undefined;
}

export function listenToQuery(
  binding: CollectionBinding,
  listened: ListenedQuery,
  options: ListenOptions & { readonly listener: (state: QueryState<AnyShape>) => void },
): () => void {
  let before: readonly Document[] = [];
  const listener = (list: DocumentList): void => {
    const changes = changesBetween(before, list.documents);
    before = list.documents;
    options.listener({ ...list, changes });
  };
  return listen(binding.context, startQuery(binding, listened), { ...options, listener });
}

export async function* queryStates(
  binding: CollectionBinding,
  listened: ListenedQuery,
  options: { readonly signal?: AbortSignal },
): AsyncGenerator<QueryState<AnyShape>, undefined> {
  let before: readonly Document[] = [];
  for await (const list of states(binding.context, startQuery(binding, listened), options)) {
    const changes = changesBetween(before, list.documents);
    before = list.documents;
    yield { ...list, changes };
  }
}

function startQuery(
  binding: CollectionBinding,
  { query, fields }: ListenedQuery,
): Start<DocumentList> {
  /** What did not change is not read again: its snapshot is the same. */
  let known = new Map<object, Document>();
  const read = ({ docs, readTime }: QuerySnapshot): DocumentList => {
    const documents = new Map<object, Document>();
    for (const snapshot of docs) {
      const document = known.get(snapshot) ?? binding.document(snapshot, fields);
      if (document !== undefined) documents.set(snapshot, document);
    }
    known = documents;
    return { documents: [...documents.values()], readTime };
  };
  return (next, fail) => query.onSnapshot((snapshot) => next(() => read(snapshot)), fail);
}

function startDocument(
  binding: CollectionBinding,
  ref: DocumentReference,
): Start<Document | undefined> {
  return (next, fail) => ref.onSnapshot((snapshot) => next(() => binding.document(snapshot)), fail);
}

export function listenToDocument(
  binding: CollectionBinding,
  ref: DocumentReference,
  options: ListenOptions & { readonly listener: (document: Document | undefined) => void },
): () => void {
  return listen(binding.context, startDocument(binding, ref), options);
}

export async function* documentStates(
  binding: CollectionBinding,
  ref: DocumentReference,
  options: { readonly signal?: AbortSignal },
): AsyncGenerator<Document | undefined, undefined> {
  yield* states(binding.context, startDocument(binding, ref), options);
}

/** What happened to the documents between two states. One that was written again is modified, as its time says. */
function changesBetween(
  before: readonly Document[],
  after: readonly Document[],
): readonly DocumentChange<AnyShape>[] {
  const old = new Map(before.map((document) => [document.path, document]));
  const changes: DocumentChange<AnyShape>[] = [];
  for (const document of after) {
    const known = old.get(document.path);
    old.delete(document.path);
    if (known === undefined) changes.push({ type: "added", document });
    else if (!isSameTime(known.updateTime, document.updateTime))
      changes.push({ type: "modified", document });
  }
  return [
    ...[...old.values()].map((document) => ({ type: "removed", document }) as const),
    ...changes,
  ];
}

const isSameTime = (one: Document["updateTime"], other: Document["updateTime"]): boolean =>
  one.seconds === other.seconds && one.nanoseconds === other.nanoseconds;

/** Calls a listener until it is stopped, the signal says so, or an error ends it. */
function listen<State>(
  context: FirestoreContext,
  start: Start<State>,
  options: ListenOptions & { readonly listener: (state: State) => void },
): () => void {
  const { listener, onError, signal } = options;
  context.checkOpen();
  let stopSdk: (() => void) | undefined;
  let isOver = false;
  const stop = (): void => {
    isOver = true;
    stopSdk?.();
    stopSdk = undefined;
    context.running.delete(onClose);
    signal?.removeEventListener("abort", stop);
  };
  const fail = (error: unknown): void => {
    if (isOver) return;
    stop();
    onError(error);
  };
  const onClose = (): void => fail(closed(context));
  if (signal?.aborted === true) return stop;
  context.running.add(onClose);
  signal?.addEventListener("abort", stop, { once: true });
  const next = (readState: () => State): void => {
    if (isOver) return;
    try {
      listener(readState());
    } catch (error) {
      // It must not end in the SDK, which has no use for it.
      fail(error);
    }
  };
  const started = start(next, (error) => fail(toFirestoreError(error)));
  // The listener may have stopped it before it was known how.
  if (isOver) started();
  else stopSdk = started;
  return stop;
}

function closed(context: FirestoreContext): FirestoreError {
  return new FirestoreError("CLOSED", `The database ${context.description} was closed.`);
}

/** The same as a loop: a slow one misses states, but never the newest. */
async function* states<State>(
  context: FirestoreContext,
  start: Start<State>,
  { signal }: { readonly signal?: AbortSignal },
): AsyncGenerator<State, undefined> {
  if (signal?.aborted === true) throw cancelled(signal);
  let newest: { readonly state: State } | undefined;
  let failure: { readonly error: unknown } | undefined;
  let wake: (() => void) | undefined;
  const stop = listen(context, start, {
    listener: (state) => {
      newest = { state };
      wake?.();
    },
    onError: (error) => {
      failure = { error };
      wake?.();
    },
  });
  const onAbort = (): void => {
    if (signal !== undefined) failure = { error: cancelled(signal) };
    wake?.();
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    for (;;) {
      const next: { readonly state: State } | undefined = newest;
      newest = undefined;
      if (failure !== undefined) throw failure.error;
      if (next !== undefined) yield next.state;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    stop();
    signal?.removeEventListener("abort", onAbort);
  }
}
