import type { YamlEntry, YamlMap, YamlNode } from "./yaml-node.ts";

/** How a long registry can be cut: before the first table, the tables in groups, and behind the last. */
export interface Pieces {
  readonly head: readonly [number, number];
  readonly groups: readonly (readonly [number, number])[];
  readonly tail: readonly [number, number];
}

/**
 * Cuts a text in block style at lines on which a table begins. Undefined when it cannot be cut so. A cut may be wrong
 * (inside of a quoted text over several lines): then at least one of the pieces is not valid YAML by itself.
 */
export function piecesOf(text: string, length: number): Pieces | undefined {
  if (/^(?:%|---|\.\.\.)/m.test(text)) return undefined;
  const tables = /^tables:[ \t]*(?:#.*)?\r?\n/m.exec(text);
  if (tables === null) return undefined;
  const start = tables.index + tables[0].length;
  const next = nextMatch(/^[^\s#]/gm, text, start);
  const end = next ?? text.length;
  const indent = /^( +)[^\s#]/m.exec(text.slice(start, Math.min(end, start + length)))?.[1];
  if (indent === undefined) return undefined;
  const entry = new RegExp(`^${indent}[^\\s#]`, "gm");
  const first = nextMatch(entry, text, start);
  if (first === undefined || first >= end) return undefined;
  const groups: (readonly [number, number])[] = [];
  for (let from = first; from < end;) {
    const to = Math.min(nextMatch(entry, text, from + length) ?? end, end);
    groups.push([from, to]);
    from = to;
  }
  return { head: [0, first], groups, tail: [end, text.length] };
}

function nextMatch(pattern: RegExp, text: string, from: number): number | undefined {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index;
}

type ReadPiece = (from: number, to: number) => { readonly root: YamlNode | undefined } | undefined;

/** Reads the pieces and puts them together; undefined when one of them is not what it would be in the whole. */
export function joinPieces(pieces: Pieces, read: ReadPiece): YamlMap | undefined {
  const head = read(...pieces.head)?.root;
  if (head?.kind !== "map") return undefined;
  const holder = head.entries.get("tables");
  const isLast = [...head.entries.keys()].at(-1) === "tables";
  if (!isLast || holder?.value.kind !== "scalar" || holder.value.text !== "") return undefined;
  const tables = joinMaps(pieces.groups.map((group) => read(...group)));
  const tail = read(...pieces.tail);
  if (tables === undefined || tail === undefined) return undefined;
  const entries = new Map(head.entries).set("tables", { ...holder, value: tables });
  if (tail.root !== undefined) {
    if (tail.root.kind !== "map") return undefined;
    for (const [key, entry] of tail.root.entries) {
      if (entries.has(key)) return undefined;
      entries.set(key, entry);
    }
  }
  return mapOf(entries, head.offset);
}

function joinMaps(
  parts: readonly ({ readonly root: YamlNode | undefined } | undefined)[],
): YamlMap | undefined {
  const entries = new Map<string, YamlEntry>();
  let offset: number | undefined;
  for (const part of parts) {
    if (part?.root?.kind !== "map" || part.root.flow) return undefined;
    offset ??= part.root.offset;
    for (const [key, entry] of part.root.entries) {
      if (entries.has(key)) return undefined;
      entries.set(key, entry);
    }
  }
  return mapOf(entries, offset ?? 0);
}

function mapOf(entries: ReadonlyMap<string, YamlEntry>, offset: number): YamlMap {
  let size = 1;
  let depth = 0;
  for (const { value } of entries.values()) {
    size += value.size;
    depth = Math.max(depth, value.depth);
  }
  return { kind: "map", entries, flow: false, offset, size, depth: depth + 1 };
}
