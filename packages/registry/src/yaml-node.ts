import type { Problem, ProblemCode } from "./problem.ts";
import type { Source } from "./registry.ts";

/** A value in a YAML file. Aliases are resolved: one node may be reached by several ways. */
export type YamlNode = YamlScalar | YamlMap | YamlList;

interface NodeFacts {
  /** Where it begins in the text, in UTF-16 code units. */
  readonly offset: number;
  /** How many nodes it has with itself, aliases counted each time. */
  readonly size: number;
  /** How many levels it has. */
  readonly depth: number;
}

export interface YamlScalar extends NodeFacts {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  /** As it is written, but for quotes and escapes. */
  readonly text: string;
  /** Behind the closing quote or the last character. */
  readonly end: number;
}

export interface YamlMap extends NodeFacts {
  readonly kind: "map";
  /** In the order of the file. A `Map`, so that `__proto__` is a key like any other. */
  readonly entries: ReadonlyMap<string, YamlEntry>;
  readonly flow: boolean;
}

export interface YamlEntry {
  readonly keyOffset: number;
  readonly keyEnd: number;
  readonly value: YamlNode;
}

export interface YamlList extends NodeFacts {
  readonly kind: "list";
  readonly items: readonly YamlNode[];
}

/** A file that nodes and problems are in. */
export interface YamlSource {
  readonly file: string;
  readonly sourceAt: (offset: number) => Source;
}

/** A place that a problem can be reported at. */
export interface Spot {
  readonly in: YamlSource;
  readonly offset: number;
  /** As in `tables.clients.columns[1]`. */
  readonly path: string;
}

/** A node, and how it was reached. */
export interface Located<N extends YamlNode = YamlNode> extends Spot {
  readonly node: N;
}

export type LocatedMap = Located<YamlMap>;

/** The value under `key`. */
export function childOf(at: LocatedMap, key: string): Located | undefined {
  const entry = at.node.entries.get(key);
  if (entry === undefined) return undefined;
  return locate(at, entry.value, key);
}

/** The items of a list; a node that is no list counts as a list of itself. */
export function itemsOf(at: Located): readonly Located[] {
  if (at.node.kind !== "list") return [at];
  return at.node.items.map((node, index) => locate(at, node, index));
}

/** The entries of a map with their keys; none for other nodes. */
export function* entriesOf(at: Located): Generator<readonly [string, Located], void> {
  if (at.node.kind !== "map") return;
  for (const [key, entry] of at.node.entries) yield [key, locate(at, entry.value, key)];
}

/** The place of a key, rather than of its value. */
export function keySpot(at: LocatedMap, key: string): Spot {
  const entry = at.node.entries.get(key);
  return { in: at.in, offset: entry?.keyOffset ?? at.offset, path: joinPath(at.path, key) };
}

/** The place of a key, with the path of the map that has it: for a key that should not be there. */
export function strayKeySpot(at: LocatedMap, key: string): Spot {
  return { ...keySpot(at, key), path: at.path };
}

function locate(parent: Spot, node: YamlNode, step: string | number): Located {
  return { in: parent.in, offset: node.offset, path: joinPath(parent.path, step), node };
}

/** Whether it is a map, for the compiler too. */
export function isMapAt(at: Located): at is LocatedMap {
  return at.node.kind === "map";
}

/** The text of a scalar that is a string. */
export function textAt(at: Located | undefined): string | undefined {
  if (at?.node.kind !== "scalar" || typeof at.node.value !== "string") return undefined;
  return at.node.value;
}

/** The file, line and column of a spot. */
export function sourceOf(spot: Spot): Source {
  return spot.in.sourceAt(spot.offset);
}

const plainKey = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u;

function joinPath(path: string, step: string | number): string {
  if (typeof step === "number") return `${path}[${step}]`;
  if (!plainKey.test(step)) return `${path}[${JSON.stringify(step)}]`;
  return path === "" ? step : `${path}.${step}`;
}

/** More problems than this help nobody. */
const maxProblems = 1000;

/** Ends a check that found more errors than anybody reads. Caught by `untilTooMany`. */
class TooManyErrors extends Error {}

/** The result of a check; undefined when it was ended because it found too many errors. */
export function untilTooMany<T>(check: () => T): T | undefined {
  try {
    return check();
  } catch (error) {
    if (error instanceof TooManyErrors) return undefined;
    throw error;
  }
}

/**
 * Collects problems. One that was reported already at the same place is dropped. After 1,000 errors the check ends
 * (see `untilTooMany`); after 1,000 warnings the others are dropped.
 */
export class Problems {
  readonly #list: Problem[] = [];
  readonly #seen = new Set<string>();
  readonly #counts = { error: 0, warning: 0 };

  get list(): readonly Problem[] {
    return this.#list;
  }

  get errorCount(): number {
    return this.#counts.error;
  }

  error(spot: Spot, code: ProblemCode, message: string, hint?: string): void {
    this.#add(spot, { severity: "error", code, message, ...(hint === undefined ? {} : { hint }) });
    if (this.#counts.error > maxProblems) throw new TooManyErrors();
  }

  warning(spot: Spot, code: ProblemCode, message: string, hint?: string): void {
    if (this.#counts.warning > maxProblems) return;
    this.#add(spot, {
      severity: "warning",
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
    });
  }

  #add(spot: Spot, about: Omit<Problem, "file" | "line" | "column" | "path">): void {
    const { file, line, column } = sourceOf(spot);
    const key = JSON.stringify([file, line, column, about.message]);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    const { severity } = about;
    this.#counts[severity] += 1;
    if (this.#counts[severity] <= maxProblems) {
      this.#list.push({ ...about, file, line, column, path: spot.path });
      return;
    }
    const message = `there are more than ${maxProblems} ${severity}s: the others are not listed`;
    this.#list.push({ severity, code: "too-large", file, line, column, path: "", message });
  }
}

/** `file:line` of a spot, to name a second place in a message. */
export function placeOf(spot: Spot): string {
  const { file, line } = sourceOf(spot);
  return `${file}:${line}`;
}
