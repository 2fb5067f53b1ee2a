import { z } from "zod";

const sha256 = z.string().regex(/^[\da-f]{64}$/u, "must be a SHA-256 in hexadecimal");
const bytes = z.number().int().nonnegative();

/** The shape of a `PartRecord` in a manifest. */
export const partRecordSchema = z.object({
  key: z.string(),
  sizeBytes: bytes,
  sha256,
  plainBytes: bytes,
  plainSha256: sha256,
});
