import protobuf from "protobufjs";
import { invalidArgument } from "../rpc-error.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Refuses texts that are cut off or no UTF-8, as the service does; protobufjs takes what there is and replaces the rest. */
export class StrictReader extends protobuf.BufferReader {
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    super(buffer);
    this.#bytes = buffer;
  }

  /** @throws {RpcError} INVALID_ARGUMENT when it is no UTF-8. */
  override string(): string {
    const length = this.uint32();
    const start = this.pos;
    const end = start + length;
    if (end > this.len) throw new RangeError("index out of range");
    this.pos = end;
    const text = this.#bytes.toString("utf8", start, end);
    if (!text.includes("\uFFFD")) return text;
    try {
      return utf8.decode(this.#bytes.subarray(start, end));
    } catch {
      throw invalidArgument("String is not valid UTF-8.");
    }
  }
}
