import { IntegrityError } from "../integrity-error.ts";
import type { IntegrityStores } from "../work-options.ts";
import type { UndoConflict } from "./fix-options.ts";
import type { UndoSession } from "./undo-step.ts";

/** Puts back the documents of a step. */
export async function undoDocuments(
  _stores: IntegrityStores,
  { run }: UndoSession,
  step: number,
): Promise<{ readonly documents: number; readonly conflicts: readonly UndoConflict[] }> {
  throw new IntegrityError("REFUSED", `Step ${step} of ${run} changed documents.`, { run });
}
