/** The commands of a run, in their order. `validate` and `promote` are the middle stage. */
export type PipelineStep = "intake" | "validate" | "promote" | "export";

/** What long work tells of itself. Numbers only grow; a total may be corrected. */
export type PipelineProgress =
  | {
      readonly kind: "step";
      readonly step: PipelineStep | "preparing" | "waiting";
      readonly detail?: string;
    }
  | {
      readonly kind: "count";
      /** What moves: `records` of a file, `documents`, `rows`. */
      readonly name: string;
      /** How many since the last event of this name. */
      readonly items: number;
      /** Bytes of the file since the last event, where a total of bytes is known. */
      readonly bytes?: number;
    }
  | {
      readonly kind: "total";
      readonly name: string;
      /** An estimate; undefined when nothing is known. */
      readonly items: number | undefined;
      readonly bytes?: number | undefined;
    };

export type OnPipelineProgress = (progress: PipelineProgress) => void;
