import { z } from "zod";

/** For a value of the wrong kind where several kinds are allowed. */
export const oneOf = (message: string) => ({ error: message });

export const name = z.string().min(1);

export const meta = z
  .record(z.string(), z.unknown())
  .describe("Your own metadata; ctb-data never looks into it.");

export const description = z.string().describe("What it is, for people.");

/** For a key whose value is checked by itself, with places of its own. */
export const elsewhere = z.unknown().optional();
