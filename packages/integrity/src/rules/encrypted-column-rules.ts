import { modelOf, type Keyring, type Model } from "@ctb-data/models";
import { quoteLiteral } from "@ctb-data/postgres";
import type { RowRule } from "../rows/row-rule.ts";
import { blindIndexRule } from "./blind-index-rule.ts";
import { modelTestsOf } from "./model-tests.ts";
import { readRule, testRules, valueRule, type Reading } from "./read-rules.ts";
import { remembersLast, tested } from "./read-text.ts";
import { columnSubject, type RuleColumn } from "./rule-column.ts";

/** What a ciphertext looks like: `ctb1.<key id>.<base64url>`. */
export const ciphertextForm: string = String.raw`^ctb1\.[0-9a-f]{8}\.[A-Za-z0-9_-]+$`;

/** The same, with a body that is base64url in its one spelling, and long enough for its nonce and its tag: 28 bytes. */
const wholeForm =
  String.raw`^ctb1\.[0-9a-f]{8}\.(?:[A-Za-z0-9_-]{4}){9,}` +
  String.raw`(?:[A-Za-z0-9_-]{4}|[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])$`;

/** The rules of an encrypted column. Without a keyring only the form of its values is looked at. */
export function encryptedColumnRules(
  at: RuleColumn,
  keyring: Keyring | undefined,
): readonly RowRule[] {
  const text = `${at.sql}::text COLLATE "C"`;
  const hasForm = `${text} ~ ${quoteLiteral(ciphertextForm)}`;
  const isWhole = `${text} ~ ${quoteLiteral(wholeForm)}`;
  const sealed = columnSubject(
    at,
    "undecryptable",
    "cannot be decrypted: it was changed or cut off, or belongs to another column or table",
  );
  const clear: RowRule = {
    subject: columnSubject(at, "clear_text", "is not encrypted"),
    sql: `NOT (${hasForm})`,
  };
  if (keyring === undefined) {
    return [
      clear,
      { subject: sealed, sql: `${hasForm} AND NOT (${isWhole})` },
      ...blindIndexRule(at, { hasForm }),
    ];
  }
  const keys = `ARRAY[${keyring.keyIds.map(quoteLiteral).join(", ")}]`;
  const keyId = `pg_catalog.substr(${text}, 6, 8)`;
  const model = modelOf(
    { ...renamed(at), name: at.table.name, columns: new Map([[at.column.name, at.column]]) },
    { keyring },
  );
  const reading = encryptedReading(at, model);
  const readable = `${isWhole} AND ${keyId} = ANY (${keys})`;
  return [
    clear,
    {
      subject: columnSubject(
        at,
        "unknown_key",
        "is encrypted with a key that the keyring does not have",
      ),
      sql: `${isWhole} AND ${keyId} <> ALL (${keys})`,
    },
    readRule(reading, sealed, {
      reads: `${hasForm} AND (${keyId} = ANY (${keys}) OR NOT (${isWhole}))`,
      breaks: (ciphertext) => {
        const found = reading.read(ciphertext);
        return found.state === "sealed" ? found.problem : undefined;
      },
    }),
    valueRule(reading, readable),
    ...(["length", "range", "pattern", "format", "enum"] as const).flatMap((name) =>
      testRules(reading, name, readable),
    ),
    ...blindIndexRule(at, { hasForm, model, read: reading.read }),
  ];
}

function renamed({ table }: RuleColumn): { readonly renamedFrom?: string } {
  return table.renamedFrom === undefined ? {} : { renamedFrom: table.renamedFrom };
}

function encryptedReading(at: RuleColumn, model: Model): Reading {
  const { name } = at.column;
  // What PostgreSQL stores is text, whatever the type of the value is.
  const tests = modelTestsOf({ ...at, liveType: undefined });
  const read = remembersLast((ciphertext: string) =>
    tested(() => model.fromRow({ [name]: ciphertext })[name] ?? null, tests.value),
  );
  return { at, tests, read };
}
