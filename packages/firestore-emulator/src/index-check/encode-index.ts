import protobuf from "protobufjs";
import { formatFieldPath } from "../name/field-path.ts";
import type { Index } from "./index-set.ts";

const scopes = { COLLECTION: 1, COLLECTION_GROUP: 2, COLLECTION_RECURSIVE: 3 } as const;

/** The bytes of a `google.firestore.admin.v1.Index`, as the links to the console carry it. Vectors are left out. */
export function encodeIndex({
  name,
  scope,
  fields,
}: Pick<Index, "scope" | "fields"> & { readonly name: string }): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(tag(1, 2)).string(name);
  writer.uint32(tag(2, 0)).int32(scopes[scope]);
  for (const { path, mode } of fields) {
    writer.uint32(tag(3, 2)).fork().uint32(tag(1, 2)).string(formatFieldPath(path));
    if (mode === "CONTAINS") writer.uint32(tag(3, 0)).int32(1);
    else if (typeof mode === "string") {
      writer.uint32(tag(2, 0)).int32(mode === "ASCENDING" ? 1 : 2);
    }
    writer.ldelim();
  }
  return writer.finish();
}

function tag(field: number, wireType: number): number {
  return field * 8 + wireType;
}
