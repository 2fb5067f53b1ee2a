/** What long work tells of itself. Numbers only grow, except that a total may be corrected. */
export type BackupProgress =
  | {
      readonly kind: "step";
      /** What begins: `locking`, `snapshot`, `schema`, `rows`, `documents`, `sequences`, `manifest`, `commit`, … */
      readonly step: string;
      readonly detail?: string;
    }
  | {
      readonly kind: "count";
      /** What is counted. */
      readonly store: "postgres" | "firestore" | "storage";
      /** The table, collection or part that it comes from. */
      readonly name: string;
      /** Rows, documents or parts done since the last event of this name. */
      readonly items: number;
      /** Plain bytes done since the last event of this name. */
      readonly bytes: number;
    }
  | {
      readonly kind: "total";
      readonly store: "postgres" | "firestore" | "storage";
      /** Estimates; undefined when nothing is known. */
      readonly items: number | undefined;
      readonly bytes: number | undefined;
    };

export type OnBackupProgress = (progress: BackupProgress) => void;
