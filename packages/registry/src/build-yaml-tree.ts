import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Alias,
  type Node,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { Problems, Spot, YamlEntry, YamlNode, YamlSource } from "./yaml-node.ts";

/** With aliases counted each time, a file may have this many nodes, or four times those that are written. */
const maxAliasedNodes = 100_000;

/** Of one file so many faults are reported. */
const maxFaults = 20;

interface TreeOptions {
  readonly source: YamlSource;
  readonly base: number;
  readonly maxDepth: number;
  readonly problems: Problems;
}

/** Turns the nodes of `yaml` into ours; undefined for no content, or after a problem. */
export function buildTree(contents: unknown, options: TreeOptions): YamlNode | undefined {
  const builder = new TreeBuilder(options);
  const root = builder.node(contents);
  if (builder.failed) return undefined;
  if (root.size > Math.max(maxAliasedNodes, 4 * builder.written) || root.depth > options.maxDepth) {
    options.problems.error(
      { in: options.source, offset: root.offset, path: "" },
      "too-large",
      "the aliases (*name) repeat so much that the file would be too large",
      "use mixins instead",
    );
    return undefined;
  }
  return root.kind === "scalar" && root.text === "" ? undefined : root;
}

class TreeBuilder {
  failed = false;
  /** How many nodes were built. */
  written = 0;
  #faults = 0;
  readonly #options: TreeOptions;
  readonly #anchors = new Map<string, YamlNode>();

  constructor(options: TreeOptions) {
    this.#options = options;
  }

  node(value: unknown): YamlNode {
    if (isAlias(value)) return this.#alias(value);
    this.written += 1;
    const node = this.#plain(value);
    // Only after it is built, so that an alias inside of itself is an unknown one.
    if (isAnchored(value)) this.#anchors.set(value.anchor, node);
    return node;
  }

  #plain(value: unknown): YamlNode {
    if (isMap(value)) return this.#map(value);
    if (isSeq(value)) return this.#list(value);
    if (isScalar(value)) return this.#scalar(value);
    return {
      kind: "scalar",
      value: null,
      text: "",
      end: 0,
      offset: this.#options.base,
      size: 1,
      depth: 1,
    };
  }

  #alias(alias: Alias): YamlNode {
    const node = this.#anchors.get(alias.source);
    if (node !== undefined) return node;
    const offset = this.#offset(alias);
    this.#fail(
      offset,
      "yaml-syntax",
      `the alias *${alias.source} has no anchor &${alias.source} before it`,
    );
    return { kind: "scalar", value: null, text: "", end: offset, offset, size: 1, depth: 1 };
  }

  #map(map: YAMLMap): YamlNode {
    const entries = new Map<string, YamlEntry>();
    const offset = this.#offset(map);
    let size = 1;
    let depth = 0;
    for (const pair of map.items) {
      const key = this.#key(pair.key, offset);
      const value = this.node(pair.value);
      size += value.size;
      if (value.depth > depth) ({ depth } = value);
      if (key === undefined) continue;
      this.#checkKey(key, entries.get(key.text));
      if (!entries.has(key.text)) {
        entries.set(key.text, { keyOffset: key.offset, keyEnd: key.end, value });
      }
    }
    return { kind: "map", entries, flow: map.flow === true, offset, size, depth: depth + 1 };
  }

  #key(key: unknown, offset: number): { text: string; offset: number; end: number } | undefined {
    if (isScalar(key)) {
      const start = this.#offset(key);
      const fault = textFault(key);
      if (fault !== undefined) this.#fail(start, "wrong-value", `the key has ${fault}`);
      return { text: textOf(key), offset: start, end: this.#end(key) };
    }
    this.#fail(
      key === null ? offset : this.#offset(key),
      "unsupported-yaml",
      "a key must be a plain text",
    );
    return undefined;
  }

  #checkKey(key: { text: string; offset: number }, before: YamlEntry | undefined): void {
    if (key.text === "<<") {
      this.#fail(
        key.offset,
        "unsupported-yaml",
        "merge keys (<<) are not part of YAML 1.2",
        "use a mixin, or an alias for the whole value",
      );
    }
    if (before !== undefined) {
      const { line } = this.#options.source.sourceAt(before.keyOffset);
      this.#fail(
        key.offset,
        "duplicate-key",
        `the key "${key.text}" is here for the second time, the first is on line ${line}`,
      );
    }
  }

  #list(list: YAMLSeq): YamlNode {
    const items = list.items.map((item) => this.node(item));
    let size = 1;
    let depth = 0;
    for (const item of items) {
      size += item.size;
      if (item.depth > depth) ({ depth } = item);
    }
    return { kind: "list", items, offset: this.#offset(list), size, depth: depth + 1 };
  }

  #scalar(scalar: Scalar): YamlNode {
    const offset = this.#offset(scalar);
    const text = textOf(scalar);
    const { value } = scalar;
    const fault = textFault(scalar);
    if (fault !== undefined) this.#fail(offset, "wrong-value", `the text has ${fault}`);
    return {
      kind: "scalar",
      value:
        value === null ||
        typeof value === "string" ||
        typeof value === "number" ||
        typeof value === "boolean"
          ? value
          : text,
      text,
      end: this.#end(scalar),
      offset,
      size: 1,
      depth: 1,
    };
  }

  #offset(node: unknown): number {
    return rangeOf(node)[0] + this.#options.base;
  }

  #end(node: unknown): number {
    return rangeOf(node)[1] + this.#options.base;
  }

  #fail(
    offset: number,
    code: "yaml-syntax" | "unsupported-yaml" | "duplicate-key" | "wrong-value",
    message: string,
    hint?: string,
  ): void {
    this.failed = true;
    this.#faults += 1;
    if (this.#faults > maxFaults) return;
    const spot: Spot = { in: this.#options.source, offset, path: "" };
    this.#options.problems.error(spot, code, message, hint);
  }
}

function isAnchored(value: unknown): value is Node & { anchor: string } {
  return (isScalar(value) || isMap(value) || isSeq(value)) && value.anchor !== undefined;
}

function rangeOf(node: unknown): readonly [number, number] {
  if (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)) {
    const { range } = node;
    if (range !== undefined && range !== null) return [range[0], range[1]];
  }
  return [0, 0];
}

function textOf(scalar: Scalar): string {
  const { source, value } = scalar;
  if (typeof value === "string") return value;
  return source ?? String(value);
}

/** What makes a text impossible to store, in words. Only escapes can: the rest was looked at in the whole file. */
function textFault({ type, value }: Scalar): string | undefined {
  if (type !== "QUOTE_DOUBLE" || typeof value !== "string") return undefined;
  if (value.includes("\0")) return "a NUL character, which PostgreSQL cannot store";
  if (/\p{Cs}/u.test(value)) return "half of a surrogate pair, which is not a character";
  return undefined;
}
