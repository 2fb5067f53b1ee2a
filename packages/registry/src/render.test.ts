import { expect, test } from "vitest";
import { parseRegistry, renderErd, renderMarkdown } from "./index.ts";

const registry = parseRegistry(`
enums: { status: [open, "a|b"] }
collections: { logs: { description: What happened., fields: { at: { type: timestamp, required: true } } } }
tables:
  clients:
    description: "People | <b>firms</b>"
    owner: crm
    tags: [core]
    columns:
      - { name: id, type: serial, pk: true }
      - { name: email, type: "varchar(255)", unique: true, description: 'how to "reach" them' }
      - { name: secret, type: text, encrypted: true, classification: pii }
  "order lines":
    pk: [client_id, "line no"]
    columns:
      - { name: client_id, type: integer, references: { table: clients, column: id, on_delete: cascade } }
      - { name: "line no", type: integer }
      - { name: price, type: "numeric(10,2)", nullable: false, default: 0, check: price >= 0 }
      - { name: state, type: status, deprecated: use nothing }
    indexes: [{ columns: price, where: price > 0, method: brin }]
    firestore: { id: "line no", fields: { extra: map } }
    unique: ["line no"]
`);

test("the diagram has an entity per table and a line per foreign key, spelled as Mermaid can read it", () => {
  expect(renderErd(registry)).toBe(`erDiagram
  clients {
    serial id PK "required"
    varchar(255) email UK "how to 'reach' them"
    text secret "encrypted"
  }
  "order lines" {
    integer client_id PK, FK "required"
    integer line_no PK, UK "line no; required"
    numeric(10-2) price "required"
    status state
  }
  clients ||--o{ "order lines" : "client_id"
`);
});

test("a reference that may be missing, and one that is unique, are drawn so", () => {
  const text = renderErd(
    parseRegistry(`
tables:
  a: { columns: [{ name: id, type: serial, pk: true }] }
  b: { columns: [{ name: id, type: integer, pk: true, references: a.id }, { name: a_id, type: integer, references: a.id }] }
`),
  );
  expect(text).toContain('a ||--o| b : "id"');
  expect(text).toContain('a |o--o{ b : "a_id"');
});

test("the page has the diagram, then every table, enum and collection, with nothing that Markdown would take for markup", () => {
  const page = renderMarkdown(registry);
  expect(page).toContain("```mermaid\nerDiagram\n");
  expect(page).toContain(
    "## clients\n\nPeople \\| \\<b\\>firms\\</b\\>\n\nOwner: crm · Tags: core\n\n| Column | Type |",
  );
  expect(page).toContain("| `secret` | `text` | yes |  | classification: pii; encrypted |");
  expect(page).toContain("| `price` | `numeric(10,2)` | no | `0` |  |");
  expect(page).toContain(
    "- references `clients` (`id`) by `client_id`, on delete cascade: `order lines_client_id_fkey`",
  );
  expect(page).toContain("- check `price >= 0`: `order lines_price_check`");
  expect(page).toContain("- index (`price`) using brin where `price > 0`: `order lines_price_idx`");
  expect(page).toContain("Documents: `order lines`, id `line no`");
  expect(page).toContain("| `extra` | map | (own) |");
  expect(page).toContain("| `status` | `open`, `a\\|b` |  |");
  expect(page).toContain(
    "## logs (documents only)\n\nWhat happened.\n\n| Field | Type | Required | What it is |\n| --- | --- | --- | --- |\n| `at` | timestamp | yes |  |",
  );
  expect(page.endsWith("\n")).toBe(true);
  expect(renderMarkdown(registry)).toBe(page);
});

test("tables and columns that are called like Mermaid's own words are spelled so that it can read them", () => {
  const text = renderErd(
    parseRegistry(`
tables:
  class: { columns: [{ name: PK, type: integer, pk: true }, { name: fk-1, type: integer, references: class.PK }, { name: pk_x, type: text }] }
  Many: { columns: [{ name: a, type: text }] }
  classes: { columns: [{ name: a, type: text }] }
`),
  );
  expect(text).toBe(`erDiagram
  "class" {
    integer _PK PK "PK; required"
    integer _fk-1 FK "fk-1"
    text pk_x
  }
  "Many" {
    text a
  }
  classes {
    text a
  }
  "class" |o--o{ "class" : "fk-1"
`);
});

test("two tables are two entities, however their names are cleaned", () => {
  const names = ['a"b', "a%b", "a_b"].map(
    (name) => `${JSON.stringify(name)}: { columns: [{ name: x, type: text }] }`,
  );
  const lines = renderErd(parseRegistry(`tables: { ${names.join(", ")} }`)).split("\n");
  expect(lines.filter((line) => line.endsWith("{"))).toEqual(["  a_b {", "  a_b_ {", "  a_b__ {"]);
});

test("a bar has a backslash in a table only, and a description begins no list", () => {
  const page = renderMarkdown(
    parseRegistry(`
tables:
  a:
    description: "- one"
    columns: [{ name: x, type: text, default: "'a' || 'b'", check: "x || 'y' <> 'z'", description: "a | b" }]
  b: { description: "1. one", columns: [{ name: x, type: text }] }
`),
  );
  expect(page).toContain("\n\\- one\n");
  expect(page).toContain("\n1\\. one\n");
  expect(page).toContain("| `'a' \\|\\| 'b'` | a \\| b |");
  expect(page).toContain("- check `x || 'y' <> 'z'`: `a_x_check`");
});

test("what apps may do to documents is on the page", () => {
  const page = renderMarkdown(
    parseRegistry(`collections:
  notes: { fields: { by: string }, owner: by, access: { read: signed_in, update: owner } }
  logs: { fields: { at: timestamp } }
`),
  );
  expect(page).toContain("Apps may read (who is signed in), update (the user in the field `by`).");
  expect(page.match(/Apps may/g)).toHaveLength(1);
});
