import type protobuf from "protobufjs";
import { serviceMethods } from "../protocol/protocol.ts";
import { invalidArgument } from "../rpc-error.ts";
import type { HttpRule } from "./http-rules-of.ts";
import httpRules from "./http-rules.json" with { type: "json" };

/** One way to call a method over HTTP. */
interface Route {
  readonly method: protobuf.Method;
  /** `GET`, `POST`, `PATCH` or `DELETE`. */
  readonly verb: string;
  readonly path: RegExp;
  /** The fields of the request that the path names, in the order of the groups. */
  readonly variables: readonly Variable[];
  /** Where in the request the body goes: `*` is all of it. */
  readonly body: string | undefined;
  /** Whether the path ends like `:runQuery`. */
  readonly isCustom: boolean;
}

interface Variable {
  readonly field: string;
  /** Whether it may have several ids, with slashes between them. */
  readonly isPath: boolean;
}

/** What a path and a verb mean. */
export interface RouteMatch {
  readonly method: protobuf.Method;
  readonly body: string | undefined;
  /** What the path says, by fields of the request such as `document.name`. */
  readonly variables: readonly (readonly [field: string, value: string])[];
}

const verbs = ["get", "post", "patch", "delete", "put"] as const;

const rules = new Map<string, readonly HttpRule[]>(Object.entries(httpRules));

let known: readonly Route[] | undefined;

/**
 * Finds the method that a request calls; `undefined` when there is none.
 *
 * @param path as it came, percent-encoded.
 * @throws {RpcError} INVALID_ARGUMENT when it is not encoded well.
 */
export function matchRoute(verb: string, path: string): RouteMatch | undefined {
  known ??= serviceMethods().flatMap(routesOf).toSorted(customFirst);
  for (const route of known) {
    const values = route.verb === verb ? route.path.exec(path)?.slice(1) : undefined;
    if (!values) continue;
    // A path of one collection, or of one document in it: the description leaves it open, the number of ids tells.
    if (verb === "GET" && values.length === 1 && !isDocument(values[0] ?? "")) continue;
    return {
      method: route.method,
      body: route.body,
      variables: route.variables.map(({ field, isPath }, index) => [
        field,
        decoded(values[index] ?? "", isPath),
      ]),
    };
  }
  return undefined;
}

function isDocument(name: string): boolean {
  // After `projects/P/databases/D/documents`, five parts, come pairs of ids.
  return name.split("/").length % 2 === 1;
}

function customFirst(one: Route, other: Route): number {
  return Number(other.isCustom) - Number(one.isCustom);
}

function routesOf(method: protobuf.Method): Route[] {
  return (rules.get(method.name) ?? []).flatMap((rule) =>
    verbs.flatMap((verb) => {
      const template = rule[verb];
      return template === undefined ? [] : [routeOf(method, verb, template, rule["body"])];
    }),
  );
}

function routeOf(
  method: protobuf.Method,
  verb: string,
  template: string,
  body: string | undefined,
): Route {
  const variables: Variable[] = [];
  const source = template
    .split(/(\{[^}]*\})/u)
    .map((part) => {
      const [, field, pattern = "*"] = /^\{([^=}]+)(?:=([^}]*))?\}$/u.exec(part) ?? [];
      if (field === undefined) return escaped(part);
      variables.push({ field, isPath: pattern !== "*" });
      return `(${patternSource(pattern)})`;
    })
    .join("");
  return {
    method,
    verb: verb.toUpperCase(),
    path: new RegExp(`^${source}$`, "u"),
    variables,
    body,
    isCustom: /:\w+$/u.test(template),
  };
}

/** `*` is one id, and a `**` at the end any number of them. */
function patternSource(pattern: string): string {
  return pattern
    .split("/")
    .map((segment, index) => {
      if (segment === "**") return "(?:/[^/]+)*";
      return `${index === 0 ? "" : "/"}${segment === "*" ? "[^/]+" : escaped(segment)}`;
    })
    .join("");
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`);
}

/** In a path an encoded slash stays encoded: it is no separator. */
function decoded(value: string, isPath: boolean): string {
  try {
    if (!isPath) return decodeURIComponent(value);
    return decodeURIComponent(value.replaceAll(/%(2f)/giu, "%25$1"));
  } catch {
    throw invalidArgument(`The path is not encoded well: ${value}`);
  }
}
