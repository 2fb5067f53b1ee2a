import { archiveNames } from "./archive-layout.ts";
import type { CommitRecord, Manifest } from "./backup-manifest.ts";

/** The text of `RESTORE.md`: how to restore this backup with standard tools and without ctb-data. */
export function restoreInstructions(
  record: Pick<
    CommitRecord,
    "id" | "startedAt" | "source" | "encryption" | "signedBy" | "tool" | "manifest"
  >,
  manifest: Manifest,
): string {
  const sections = [introduction(record), checks(record)];
  if (manifest.postgres !== null) sections.push(postgresSection(manifest.postgres, record));
  if (manifest.firestore !== null) sections.push(firestoreSection(manifest.firestore));
  return `${sections.join("\n\n")}\n`;
}

type RecordHead = Parameters<typeof restoreInstructions>[0];

function introduction(record: RecordHead): string {
  const { id, startedAt, source, encryption, tool } = record;
  const stores = [
    source.postgres === null
      ? undefined
      : `the PostgreSQL database \`${inline(source.postgres.database)}\` (server ${source.postgres.serverVersion})`,
    source.firestore === null
      ? undefined
      : `the Firestore database \`${inline(source.firestore.projectId)}/${inline(source.firestore.databaseId)}\``,
  ].filter((text) => text !== undefined);
  const isEncrypted = encryption.kind === "age";
  const tools = [...(isEncrypted ? ["age"] : []), "zstd", "jq", "sha256sum", "minisign", "bash"];
  if (source.postgres !== null) tools.push("psql");
  if (source.firestore !== null) tools.push("curl");
  const owners = isEncrypted
    ? `\nIt is encrypted. Any one of the identities (\`AGE-SECRET-KEY-1…\`) of these recipients opens it:\n\n${encryption.recipients.map((key) => `- \`${key}\``).join("\n")}\n`
    : "\nIt is **not encrypted**.\n";
  return `# How to restore the backup ${id} without ctb-data

It holds ${stores.join(" and ")}, as of ${startedAt}. It was written by ${tool}.
With ctb-data at hand it is one command: \`ctb-data backup restore ${id}\`.
${owners}
Needed: ${tools.join(", ")}. Copy the whole folder of the backup to a disk first (from a bucket: \`aws s3 cp --recursive\`, \`rclone copy\`), and run
the commands below in that folder, in this order, in one bash of their own (type \`bash\` first). It ends at the first thing that is
wrong: nothing is to be trusted that comes after an error.

## 1. What is where

Change these lines.

\`\`\`bash
${variables(record).join("\n")}
\`\`\``;
}

function variables({ source, encryption }: RecordHead): readonly string[] {
  const lines = [];
  if (encryption.kind === "age")
    lines.push('IDENTITY="${IDENTITY:-/media/usb/backup-identity.txt}"');
  if (source.postgres !== null) {
    lines.push(
      "# An empty database, made by: createdb --encoding=UTF8 --template=template0 restored",
      'TARGET="${TARGET:-postgres://user:password@host:5432/restored}"',
    );
  }
  if (source.firestore !== null) {
    lines.push(
      "# An empty Firestore database. For an emulator: FIRESTORE_URL=http://127.0.0.1:8080/v1 TOKEN=owner",
      'PROJECT="${PROJECT:-my-project}"; DATABASE="${DATABASE:-(default)}"',
      'FIRESTORE_URL="${FIRESTORE_URL:-https://firestore.googleapis.com/v1}"',
      'TOKEN="${TOKEN:-$(gcloud auth print-access-token)}"',
    );
  }
  return lines;
}

function checks({ signedBy, encryption, manifest }: RecordHead): string {
  const decrypt =
    encryption.kind === "age" ? 'age -d -i "$IDENTITY" "$1" | zstd -dcq' : 'zstd -dcq "$1"';
  return `## 2. Is it whole, and is it ours

The signature must be of *your* key: compare it with the one that you keep elsewhere. Every part must have the hash that the signed
record says.

\`\`\`bash
set -euo pipefail
minisign -Vm ${archiveNames.commitRecord} -P ${signedBy}
jq -r '.parts[] | "\\(.sha256)  \\(.key)"' ${archiveNames.commitRecord} | sha256sum -c --quiet -
plain() { ${decrypt}; }
plain ${manifest.key} > manifest.json
\`\`\``;
}

function postgresSection(
  postgres: NonNullable<Manifest["postgres"]>,
  { source }: RecordHead,
): string {
  const { preData, postData, grants, sequenceValues, uncovered } = postgres;
  const missing =
    uncovered.length === 0
      ? ""
      : `\nNot in this backup:\n\n${uncovered.map(({ kind, name, why }) => `- ${kind} \`${inline(name)}\`: ${why}`).join("\n")}\n`;
  return `## 3. PostgreSQL

First types, functions, tables and views; then the rows, each part in one transaction and counted; then the values of the sequences; at
last indexes, constraints, triggers and policies. A server of version ${source.postgres?.serverVersion ?? "?"} or newer takes it.
${missing}
\`\`\`bash
export PGCLIENTENCODING=UTF8
sql() { psql -X -v ON_ERROR_STOP=1 -d "$TARGET" "$@"; }
plain ${preData.key} | sql -q --single-transaction -f - > /dev/null
jq -c '.postgres.tables[] | .copyIn as $sql | .parts[] | {key, rows, sql: $sql}' manifest.json |
while IFS= read -r part; do
  key="$(jq -r .key <<< "$part")"
  loaded="$(plain "$key" | sql -c "$(jq -r .sql <<< "$part")")"
  [ "$loaded" = "COPY $(jq -r .rows <<< "$part")" ] || { echo "$key: $loaded" >&2; exit 1; }
done
plain ${sequenceValues.key} | sql -q -f - > /dev/null
plain ${postData.key} | sql -q -f - > /dev/null
\`\`\`

Roles belong to a server and not to a database, so rights and foreign owners are not given back above. Where the roles are there:
\`plain ${grants.key} | sql -q -f -\``;
}

function firestoreSection(firestore: NonNullable<Manifest["firestore"]>): string {
  const files = firestore.files.map(({ key, name }) => `plain ${key} > ${name}`);
  const deploy =
    files.length === 0
      ? ""
      : `\n\nIndexes and rules, for \`firebase deploy --only firestore\`:\n\n\`\`\`bash\n${files.join("\n")}\n\`\`\``;
  return `## 4. Firestore

One document a line, as Firestore's REST API has them. Their names, and references to documents of this database, get the new project and
database; ${String(firestore.documents)} documents in all. At most 100 documents go in one request.

\`\`\`bash
OLD="projects/${firestore.projectId}/databases/${firestore.databaseId}/documents/"
NEW="projects/$PROJECT/databases/$DATABASE/documents/"
jq -r '.firestore.parts[].key' manifest.json | while IFS= read -r key; do
  plain "$key" | jq -cn --arg old "$OLD" --arg new "$NEW" '
    def moved: if startswith($old) then $new + .[($old | length):] else . end;
    def fields: walk(if type == "object" and ((.referenceValue? | type) == "string") then .referenceValue |= moved else . end);
    def batches: foreach (inputs, null) as $line ({held: [], size: 0, out: null};
      if $line == null then {held: [], size: 0, out: .held}
      elif (.held | length) == 100 or .size > 4000000 then {held: [$line], size: ($line | tojson | length), out: .held}
      else {held: (.held + [$line]), size: (.size + ($line | tojson | length)), out: null} end; .out // empty);
    batches | select(length > 0) | {writes: map({update: {name: (.name | moved), fields: ((.fields // {}) | fields)}})}' |
  while IFS= read -r body; do
    curl -fsS -X POST "$FIRESTORE_URL/\${NEW%/}:commit" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
      --data-binary @- <<< "$body" > /dev/null
  done
done
\`\`\`${deploy}`;
}

/** A name inside of backticks, on one line. */
function inline(text: string): string {
  return text.replaceAll(/[`\r\n]/gu, " ");
}
