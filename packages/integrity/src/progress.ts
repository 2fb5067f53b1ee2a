/** What long work tells of itself. Numbers only grow; a total may be corrected. */
export type IntegrityProgress =
  | {
      readonly kind: "step";
      /** What begins: `catalog`, `rows`, `duplicates`, `documents`, `drift`, `fix`, `undo`, … */
      readonly step: string;
      readonly detail?: string;
    }
  | {
      readonly kind: "count";
      readonly store: "postgres" | "firestore";
      /** The table or collection. */
      readonly name: string;
      /** Rows or documents looked at (or written) since the last event of this name. */
      readonly items: number;
    }
  | {
      readonly kind: "total";
      readonly store: "postgres" | "firestore";
      /** An estimate; undefined when nothing is known. */
      readonly items: number | undefined;
    };

export type OnIntegrityProgress = (progress: IntegrityProgress) => void;
