import { invalidArgument } from "../rpc-error.ts";
import type { CheckedWrite } from "./check-write.ts";

/** What the writes of a commit say of one document, whatever it is now. */
interface Sequence {
  /** Whether the first of them asks for the document to be there or not. */
  readonly asked: boolean | undefined;
  /** Whether it is there after the last of them. */
  isThere: boolean;
}

/**
 * Refuses writes of which one cannot be made after another of the same commit, such as creating what was just written.
 *
 * @throws {RpcError} INVALID_ARGUMENT
 */
export function checkSequence(writes: readonly CheckedWrite[]): void {
  const sequences = new Map<string, Sequence>();
  for (const { path, precondition, operation } of writes) {
    const isDelete = operation.kind === "delete";
    const asked = precondition?.kind === "exists" ? precondition.exists : undefined;
    const sequence = sequences.get(path);
    if (!sequence) {
      sequences.set(path, { asked, isThere: !isDelete });
      continue;
    }
    if (asked !== undefined && asked !== sequence.isThere) {
      const then = isDelete ? "delete" : kindOf(asked);
      const before = sequence.isThere ? kindOf(sequence.asked) : "delete";
      throw invalidArgument(`Cannot ${before} then ${then} an entity in the same request.`);
    }
    sequence.isThere = !isDelete;
  }
}

function kindOf(asked: boolean | undefined): string {
  if (asked === undefined) return "upsert";
  return asked ? "update" : "insert";
}
