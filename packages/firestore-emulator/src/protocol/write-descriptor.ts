import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import protobuf from "protobufjs";

// Copies what the service needs of the protocol that `@google-cloud/firestore` ships, so that this package needs no
// client library to run. Less of it is faster to start with.
const manifest = createRequire(import.meta.url).resolve("@google-cloud/firestore/package.json");
const shipped: unknown = JSON.parse(
  readFileSync(join(dirname(manifest), "build/protos/v1.json"), "utf8"),
);

interface Node {
  readonly nested?: Readonly<Record<string, Node>>;
  readonly [property: string]: unknown;
}

const firestore = "google.firestore.v1.Firestore";
const root = protobuf.Root.fromJSON(isNode(shipped) ? shipped : {});
const wireOptions = new Set(["packed", "proto3_optional"]);
/** What a node has many of, by name. */
const partLists = new Set(["fields", "methods", "oneofs"]);
const needed = new Set<string>([firestore]);
root.resolveAll();
for (const method of root.lookupService(firestore).methodsArray) {
  need(method.resolvedRequestType);
  need(method.resolvedResponseType);
}
writeFileSync(
  new URL("firestore-v1.json", import.meta.url),
  `${JSON.stringify(isNode(shipped) ? pruned(shipped, "") : {})}\n`,
);

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Notes a type and all that are in its fields. */
function need(type: protobuf.Type | protobuf.Enum | null): void {
  const name = type?.fullName.slice(1);
  if (!type || name === undefined || needed.has(name)) return;
  needed.add(name);
  if (type instanceof protobuf.Enum) return;
  for (const field of type.fieldsArray) need(field.resolve().resolvedType);
}

/** The description without what is not needed for the service, nor options that are for other languages. */
function pruned(node: Node, name: string): Node {
  const { nested = {}, ...own } = node;
  const kept = Object.entries(nested).flatMap(([key, child]): [string, Node][] => {
    const path = name === "" ? key : `${name}.${key}`;
    const isNeeded = [...needed].some((one) => one === path || one.startsWith(`${path}.`));
    return isNeeded ? [[key, pruned(child, path)]] : [];
  });
  const parts = Object.entries(withoutOptions(own)).map(([key, value]): [string, unknown] => [
    key,
    partLists.has(key) && isNode(value) ? withoutOptionsOfAll(value) : value,
  ]);
  return {
    ...Object.fromEntries(parts),
    ...(kept.length > 0 ? { nested: Object.fromEntries(kept) } : {}),
  };
}

function withoutOptionsOfAll(parts: Node): Node {
  return Object.fromEntries(
    Object.entries(parts).map(([key, part]) => [key, isNode(part) ? withoutOptions(part) : part]),
  );
}

/** Leaves the options that say how a field is on the wire. */
function withoutOptions({
  options,
  parsedOptions: _parsed,
  comment: _comment,
  ...rest
}: Node): Node {
  const kept = Object.entries(isNode(options) ? options : {}).filter(([key]) =>
    wireOptions.has(key),
  );
  return kept.length > 0 ? { ...rest, options: Object.fromEntries(kept) } : rest;
}
