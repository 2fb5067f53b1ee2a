import type { OnPipelineProgress, PipelineProgress } from "@ctb-data/pipeline";
import type { WorkProgress } from "../progress/progress-meter.ts";

const stores = { records: "file", documents: "firestore", rows: "postgres" } as const;

/**
 * Tells what a run tells of itself as the other commands do. What `preparing` and `waiting` come between is gone on with; every other
 * step begins to count anew.
 *
 * @param vendor is told with each step, where several follow each other.
 */
export function imoProgress(
  onProgress: (progress: WorkProgress) => void,
  vendor?: string,
): OnPipelineProgress {
  let current: string | undefined;
  return (event) => {
    if (event.kind === "step") {
      const isPause = event.step === "preparing" || event.step === "waiting";
      const isFresh = !isPause && event.step !== current;
      if (!isPause) current = event.step;
      // An export says itself whose it is.
      const parts = new Set([vendor, event.detail].filter((part) => part !== undefined));
      const detail = [...parts].join(" ");
      onProgress({
        kind: "step",
        step: event.step,
        isFresh,
        ...(detail === "" ? {} : { detail }),
      });
    } else {
      onProgress(moved(event));
    }
  };
}

function moved(event: Exclude<PipelineProgress, { readonly kind: "step" }>): WorkProgress {
  const { kind, name, items, bytes } = event;
  const store = name === "records" || name === "documents" ? stores[name] : stores.rows;
  return kind === "count" ? { kind, store, items, bytes } : { kind, store, items, bytes };
}
