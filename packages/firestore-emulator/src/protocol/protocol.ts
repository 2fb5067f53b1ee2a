import Long from "long";
import protobuf from "protobufjs";
import { documentCodec } from "./document-codec.ts";
import descriptor from "./firestore-v1.json" with { type: "json" };
import { StrictReader } from "./strict-reader.ts";
import {
  arrayCodec,
  mapCodec,
  timestampCodec,
  valueCodec,
  type MessageCodec,
} from "./value-codec.ts";

protobuf.util.Long = Long;
protobuf.configure();

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the compiler takes the names in it for those of properties.
const root: protobuf.Root = protobuf.Root.fromJSON(descriptor as unknown as protobuf.INamespace);
root.resolveAll();
useCodec("google.firestore.v1.Value", valueCodec);
useCodec("google.firestore.v1.ArrayValue", arrayCodec);
useCodec("google.firestore.v1.MapValue", mapCodec);
useCodec("google.firestore.v1.Document", documentCodec);
useCodec("google.protobuf.Timestamp", timestampCodec);
leaveUnsetUndefined(root);

/** A message type of google.firestore.v1 by name, with values, documents and times in this server's own form. */
export function messageType(name: string): protobuf.Type {
  return root.lookupType(`google.firestore.v1.${name}`);
}

/** Reads the wire format by hand. int64 are whole, as they are only once protobufjs was told how. */
export function readerOf(bytes: Uint8Array): protobuf.Reader {
  return new StrictReader(bytes);
}

/** Writes the wire format by hand. */
export function newWriter(): protobuf.Writer {
  return protobuf.Writer.create();
}

/** The methods of the service, in the order of its description. */
export function serviceMethods(): readonly protobuf.Method[] {
  return root.lookupService("google.firestore.v1.Firestore").methodsArray;
}

/** Every message that holds one of these calls its `decode` and `encode`. */
function useCodec<T>(name: string, codec: MessageCodec<T>): void {
  const type = root.lookupType(name);
  Object.assign(type, {
    // Which would make its own `decode` and `encode`.
    setup: () => type,
    toObject: (message: T) => message,
    decode: (source: protobuf.Reader | Uint8Array, length?: number) =>
      codec.read(source instanceof protobuf.Reader ? source : new StrictReader(source), length),
    encode: (message: T, writer?: protobuf.Writer) =>
      codec.write(message, writer ?? protobuf.Writer.create()),
  });
}

/** protobufjs gives fields of a oneof that are not set the default of their type: nothing tells them from set ones then. */
function leaveUnsetUndefined(namespace: protobuf.NamespaceBase): void {
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Type) {
      for (const field of nested.fieldsArray) {
        if (field.partOf ?? field.resolvedType instanceof protobuf.Type) {
          if (!field.repeated && !field.map) {
            Object.assign(nested.ctor.prototype, { [field.name]: undefined });
          }
        }
      }
    }
    if (nested instanceof protobuf.Namespace) leaveUnsetUndefined(nested);
  }
}
