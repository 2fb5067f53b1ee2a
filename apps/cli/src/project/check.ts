import { failureOf } from "../failure.ts";

/** What one look at the set-up found. */
export interface Check {
  readonly name: string;
  readonly result: "ok" | "warn" | "fail";
  /** What there is, in a few words. Never a secret. */
  readonly found: string;
  /** What to do about it, when it is not ok. */
  readonly todo?: string;
}

/** A check that an error ended. */
export function failed(name: string, error: unknown): Check {
  const { message, hint, code } = failureOf(error);
  return { name, result: "fail", found: `${message.split("\n").join(" ")} (${code})`, todo: hint };
}
