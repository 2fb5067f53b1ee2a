import type { Finding } from "../../finding.ts";
import { firestoreFinding, type DriftSource } from "./firestore-finding.ts";
import type { IndexEntry, IndexSet, OverrideEntry } from "./index-file.ts";

const places: Readonly<Record<DriftSource, string>> = {
  file: "firestore.indexes.json",
  deployed: "The database",
};

/** Indexes and field overrides that are missing, too many, others, or not ready. */
export function indexesDrift(
  expected: IndexSet,
  live: IndexSet,
  source: DriftSource,
): readonly Finding[] {
  return [
    ...[...expected.indexes.values()]
      .filter(({ text }) => !live.indexes.has(text))
      .map((index) => missingIndex(index, source)),
    ...[...live.indexes.values()].flatMap((index) =>
      expected.indexes.has(index.text)
        ? unreadyIndex(index, source)
        : [unknownIndex(index, source)],
    ),
    ...overridesDrift(expected, live, source),
  ];
}

function missingIndex({ collection, text }: IndexEntry, source: DriftSource): Finding {
  return firestoreFinding(source, {
    what: `index:${text}:missing`,
    collection,
    message: `${places[source]} lacks the index ${text}.`,
  });
}

function unknownIndex({ collection, text }: IndexEntry, source: DriftSource): Finding {
  const deletion =
    "If no query needs it, delete it in the Firebase console, or with firebase deploy --only firestore:indexes --force";
  return firestoreFinding(source, {
    what: `index:${text}:unknown`,
    // It costs with every write, and no more.
    severity: source === "deployed" ? "note" : "warning",
    collection,
    message: `${places[source]} has an index ${text} that the registry does not make.`,
    advice: `Add it to \`indexes\` of the documents in the registry. ${source === "deployed" ? deletion : "Otherwise run `ctb-data generate`, which leaves it out"}.`,
  });
}

function unreadyIndex(
  { collection, text, state }: IndexEntry,
  source: DriftSource,
): readonly Finding[] {
  if (state === "READY") return [];
  const isBuilding = state === "CREATING";
  return [
    firestoreFinding(source, {
      what: `index:${text}:${isBuilding ? "building" : "broken"}`,
      severity: isBuilding ? "note" : "warning",
      collection,
      message: isBuilding
        ? `The index ${text} is still being built; queries that need it fail until then.`
        : `Building the index ${text} has failed; queries that need it fail.`,
      advice: isBuilding
        ? "Wait; the Firebase console shows how far it is."
        : "Look into the Firebase console why, delete it there, and deploy it again: firebase deploy --only firestore:indexes",
    }),
  ];
}

function overridesDrift(
  expected: IndexSet,
  live: IndexSet,
  source: DriftSource,
): readonly Finding[] {
  const all = new Map([...live.overrides, ...expected.overrides]);
  return [...all.values()].flatMap(({ place }) => {
    const wanted = expected.overrides.get(place);
    const actual = live.overrides.get(place);
    return wanted?.text === actual?.text ? [] : [otherField({ place, wanted, actual }, source)];
  });
}

interface FieldPair {
  readonly place: string;
  readonly wanted: OverrideEntry | undefined;
  readonly actual: OverrideEntry | undefined;
}

const usual = "indexed as all fields are";

function otherField({ place, wanted, actual }: FieldPair, source: DriftSource): Finding {
  const collection = (wanted ?? actual)?.collection ?? "";
  const onlyExpires =
    source === "deployed" && wanted === undefined && actual?.text.startsWith(usual);
  return firestoreFinding(source, {
    what: `field:${place}`,
    collection,
    field: place.slice(collection.length + 1),
    message: `${source === "file" ? "In firestore.indexes.json" : "In the database"} the field ${place} is ${actual?.text ?? usual}; the registry makes it ${wanted?.text ?? usual}.`,
    ...(onlyExpires === true && {
      severity: "note" as const,
      advice:
        "The registry has no word for it. It stays as it is when the files are deployed without --force.",
    }),
  });
}
