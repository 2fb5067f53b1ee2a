import { ModelError } from "@ctb-data/models";
import type { FailureCode } from "../failure.ts";

/** Why a text is not what it should be, before it is known whose it is. Returned, not thrown: in bad files it is the rule. */
export class Misfit {
  readonly code: FailureCode;
  /** Goes on behind the name of what it is about, as in `is not a whole number`. It holds nothing of the value. */
  readonly message: string;

  constructor(code: FailureCode, message: string) {
    this.code = code;
    this.message = message;
  }
}

/** What a model or a codec has against a value. @throws what is no {@link ModelError} */
export function misfitOf(error: unknown): Misfit {
  if (!(error instanceof ModelError)) throw error;
  const [issue] = error.issues;
  return new Misfit(issue?.code ?? "wrong_type", issue?.message ?? "is not a value of its type");
}

/** What a codec gives, or has against a value. @throws what is no {@link ModelError} */
export function attempt<Value>(run: () => Value): Value | Misfit {
  try {
    return run();
  } catch (error) {
    return misfitOf(error);
  }
}
