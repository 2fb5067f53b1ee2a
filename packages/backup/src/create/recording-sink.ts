import type { PartRecord, PartSink, PartWriter } from "../part/part.ts";

/** A sink that remembers every part that was finished in it. */
export interface RecordingSink extends PartSink {
  readonly records: readonly PartRecord[];
}

/** Remembers what goes into a sink: the commit record lists it. */
export function recordingSink(sink: PartSink): RecordingSink {
  const records: PartRecord[] = [];
  return {
    records,
    open: async (name): Promise<PartWriter> => {
      const writer = await sink.open(name);
      return {
        write: async (chunk) => await writer.write(chunk),
        abort: async () => await writer.abort(),
        finish: async () => {
          const record = await writer.finish();
          records.push(record);
          return record;
        },
      };
    },
  };
}

/** Writes a whole text or JSON document as one part. */
export async function writePart(
  sink: PartSink,
  name: string,
  body: Uint8Array,
): Promise<PartRecord> {
  const writer = await sink.open(name);
  try {
    await writer.write(body);
    return await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
