import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import protobuf from "protobufjs";
import { expect, test } from "vitest";
import descriptor from "./firestore-v1.json" with { type: "json" };

const manifest = createRequire(import.meta.url).resolve("@google-cloud/firestore/package.json");
const shipped: unknown = JSON.parse(
  readFileSync(join(dirname(manifest), "build/protos/v1.json"), "utf8"),
);

test("the description has every message that the service can be sent, field for field as the client ships it", () => {
  expect(messagesOf(descriptor)).toEqual(messagesOf(shipped));
});

/** All messages that the service's methods reach, by name: what their fields are on the wire. */
function messagesOf(json: unknown): Readonly<Record<string, unknown>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is read from a file.
  const root = protobuf.Root.fromJSON(json as protobuf.INamespace);
  root.resolveAll();
  const found = new Map<string, unknown>();
  const visit = (type: protobuf.Type | protobuf.Enum | null): void => {
    if (!type || found.has(type.fullName)) return;
    if (type instanceof protobuf.Enum) {
      found.set(type.fullName, type.values);
      return;
    }
    found.set(type.fullName, type.fieldsArray.map(wireOf));
    for (const field of type.fieldsArray) visit(field.resolvedType);
  };
  for (const method of root.lookupService("google.firestore.v1.Firestore").methodsArray) {
    visit(method.resolvedRequestType);
    visit(method.resolvedResponseType);
  }
  return Object.fromEntries(found);
}

function wireOf(field: protobuf.Field): object {
  const { name, id, type, repeated, required, map, packed, partOf } = field;
  const key = field instanceof protobuf.MapField ? field.keyType : undefined;
  return { name, id, type, repeated, required, map, key, packed, oneof: partOf?.name };
}
