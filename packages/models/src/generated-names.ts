/** Names that generated code uses itself, or that would hide what it needs. */
const taken = [
  "Json",
  "ModelClass",
  "ModelSchemas",
  "Uint8Array",
  "Date",
  "Object",
  "Array",
  "Readonly",
  "FirestoreGeoPoint",
  "FirestoreMap",
  "FirestoreReference",
  "FirestoreTimestamp",
  "FirestoreValue",
  "FirestoreVector",
  "modelClass",
];

/** What is appended to a class's name to name the types around it. */
const suffixes = ["", "Value", "Input", "Row", "Document", "Types", "Model"];

/** Gives names that are not given yet, the same ones for the same questions in the same order. */
export class GeneratedNames {
  readonly #identifiers = new Set(taken);
  // A case-insensitive file system has one of Client.ts and client.ts.
  readonly #files = new Set(["index", "firestore"]);

  /** The name of the class of a table or collection: `Client` for `clients`. */
  classOf(name: string): string {
    const plain = pascalCase(name);
    const wanted = pascalCase(singular(name));
    const candidates = wanted === plain ? [plain] : [wanted, plain];
    for (let count = 2; ;) {
      const candidate = candidates.shift() ?? `${plain}${count++}`;
      const all = suffixes.map((suffix) => candidate + suffix);
      if (all.some((identifier) => this.#identifiers.has(identifier))) continue;
      for (const identifier of all) this.#identifiers.add(identifier);
      return candidate;
    }
  }

  /** The name of a file, without its extension, of letters that every file system knows: `imo-process`. */
  fileOf(className: string): string {
    const words = className.replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, "-").toLowerCase();
    const plain = words.replaceAll(/[^a-z\d-]+/g, "") || "table";
    // `con.ts` is a device on Windows.
    const safe = /^(?:con|prn|aux|nul|com\d|lpt\d)$/.test(plain)
      ? `${plain}-table`
      : plain.slice(0, 100);
    let file = safe;
    for (let count = 2; this.#files.has(file); count += 1) file = `${safe}-${count}`;
    this.#files.add(file);
    return file;
  }
}

/**
 * What generated identifiers leave out: all but letters and digits of scripts that have been in Unicode for long. The
 * tools that will read them (TypeScript, Node's type stripping, bundlers) know different versions of it.
 */
const uncommon =
  /[^\dA-Za-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u024F\u0391-\u03A1\u03A3-\u03CE\u0400-\u0481\u048A-\u04FF\u0531-\u0556\u0561-\u0586\u05D0-\u05EA\u0621-\u064A\u0905-\u0939\u0E01-\u0E30\u10D0-\u10F0\u1E00-\u1EF9\u3041-\u3096\u30A1-\u30FA\u4E00-\u9FA5\uAC00-\uD7A3]/g;

/** An identifier in PascalCase of any text. */
function pascalCase(text: string): string {
  const words = text.match(/[\p{L}\p{N}]+/gu) ?? [];
  const joined = words
    .flatMap((word) => word.split(/(?<=[\p{Ll}\p{N}])(?=\p{Lu})/u))
    .map((word) => {
      const [first = "", ...rest] = word;
      return first.toUpperCase() + rest.join("");
    })
    .join("")
    .replaceAll(uncommon, "");
  return /^\p{ID_Start}/u.test(joined) ? joined : `Table${joined}`;
}

const irregular: Readonly<Record<string, string>> = {
  children: "child",
  criteria: "criterion",
  indices: "index",
  men: "man",
  mice: "mouse",
  movies: "movie",
  people: "person",
  women: "woman",
};

/** One of what a table's name says in English; a word that it does not understand stays. */
function singular(name: string): string {
  const [, start = "", word = ""] = /^(.*?)([a-z]+)$/is.exec(name) ?? [];
  if (word === "") return name;
  return start + singularWord(word);
}

function singularWord(word: string): string {
  const lower = word.toLowerCase();
  if (Object.hasOwn(irregular, lower)) return irregular[lower] ?? word;
  if (!lower.endsWith("s") || /(?:ss|us|is|news|series|species)$/.test(lower)) return word;
  if (/[^aeiou]ies$/.test(lower) && lower.length > 4) return `${word.slice(0, -3)}y`;
  if (/(?:ss|sh|ch|x|zz|status|bus|virus|campus|bonus|alias)es$/.test(lower))
    return word.slice(0, -2);
  return word.length > 2 ? word.slice(0, -1) : word;
}

/** A property in generated code: as it is when it is an identifier, in quotes when it is not. */
export function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : textLiteral(name);
}

/** A text in generated code. */
export function textLiteral(text: string): string {
  // Lone surrogates are escaped by JSON.stringify; these two end a line for some tools.
  return JSON.stringify(text)
    .replaceAll("\u2028", String.raw`\u2028`)
    .replaceAll("\u2029", String.raw`\u2029`);
}

/** A doc comment of lines of free text, each indented; nothing when there is no text. */
export function docComment(lines: readonly (string | undefined)[], indent: string): string {
  const shown = lines
    .filter((line) => line !== undefined)
    .flatMap((line) => line.split(/\r\n|[\n\r\u2028\u2029]/))
    .map((line) => line.replaceAll("*/", String.raw`*\/`).trim())
    .filter((line) => line !== "");
  if (shown.length === 0) return "";
  if (shown.length === 1) return `${indent}/** ${shown.join("")} */\n`;
  return [`${indent}/**`, ...shown.map((line) => `${indent} * ${line}`), `${indent} */\n`].join(
    "\n",
  );
}
