import { decoderOf, ModelError, type ModelValue } from "@ctb-data/models";
import type { ColumnType } from "@ctb-data/registry";
import type { TestValue } from "./model-tests.ts";

/** What a text of PostgreSQL is to the model. */
export type ReadValue =
  | { readonly state: "value"; readonly value: ModelValue }
  /** It is no value of the type. */
  | { readonly state: "invalid"; readonly problem: string }
  /** It is a ciphertext that does not give up its value. */
  | { readonly state: "sealed"; readonly problem: string };

/** The reader of a column's texts. It remembers the last one: each rule of a column asks for the same. */
export function textReader(
  type: ColumnType,
  test: TestValue | undefined,
): (text: string) => ReadValue {
  const decode = decoderOf(type);
  return remembersLast((text) => tested(() => decode(text), test));
}

/** A value that is decoded and tested. @throws what is no {@link ModelError} of a text or a row */
export function tested(decode: () => ModelValue, test: TestValue | undefined): ReadValue {
  try {
    const value = decode();
    const problem = test?.(value);
    return problem === undefined ? { state: "value", value } : { state: "invalid", problem };
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    if (error.code === "NOT_DECRYPTABLE" || error.code === "UNKNOWN_KEY")
      return { state: "sealed", problem: error.message };
    return { state: "invalid", problem: error.issues[0]?.message ?? "cannot be read" };
  }
}

/** The same function, which does not work the same thing out twice in a row. */
export function remembersLast<Result>(read: (text: string) => Result): (text: string) => Result {
  let last: { readonly text: string; readonly result: Result } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, result: read(text) };
    return last.result;
  };
}
