import type { Postgres } from "@ctb-data/postgres";
import type { DocumentServer } from "./documents.ts";

/** What the steps work with. */
export interface Project {
  /** The absolute path of a file of the project. */
  readonly at: (path: string) => string;
  /** Runs a command of `ctb-data`, which must end with this exit code (0 unless said). */
  readonly cli: (
    command: string,
    options?: {
      readonly expected?: number;
      readonly env?: Readonly<Record<string, string>>;
    },
  ) => Promise<void>;
  /** The project's database, opened when it is first asked for. */
  readonly database: () => Promise<Postgres>;
  /** Drops the project's database, whoever is connected, and makes an empty one of the same name. */
  readonly replaceDatabase: () => Promise<void>;
  /** The project's Firestore, started when it is first asked for. */
  readonly documents: () => Promise<DocumentServer>;
}
