import { z } from "zod";

/** What a lease's object says. The times are of the holder's clock and for people only: nothing is decided by them. */
export const leaseRecordSchema = z.object({
  format: z.literal(1),
  /** Of one acquisition. */
  token: z.string(),
  holder: z.string(),
  host: z.string(),
  process: z.object({ pid: z.number(), machine: z.string(), started: z.string() }),
  since: z.string(),
  renewedAt: z.string(),
  /** How long it may stay unchanged before others take it. */
  ttlMs: z.number().positive(),
  /** Makes each renewal another object. */
  beat: z.number(),
  released: z.boolean(),
});

/** A lease as it is stored. */
export type LeaseRecord = Readonly<z.infer<typeof leaseRecordSchema>>;

/** Undefined for bytes that are no lease: nobody writes half of one, so that something else damaged it and nobody holds it. */
export function parseLeaseRecord(body: Uint8Array): LeaseRecord | undefined {
  try {
    return leaseRecordSchema.safeParse(JSON.parse(Buffer.from(body).toString())).data;
  } catch {
    return undefined;
  }
}

/** As it is stored: JSON that people can read. */
export function formatLeaseRecord(record: LeaseRecord): Uint8Array {
  return Buffer.from(`${JSON.stringify(record, undefined, 2)}\n`);
}
