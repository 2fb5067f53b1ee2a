import { rm } from "node:fs/promises";
import { DraftFile } from "./draft-file.ts";
import { exportFailure } from "./export-failure.ts";
import type { OutputPlace } from "./output-place.ts";
import type { RejectedRecord } from "./record-maker.ts";

/** The file of the rejected records of an export, beside it: one JSON object a line. It is made with the first of them. */
export class RejectsFile implements AsyncDisposable {
  /** As the report names it. */
  readonly path: string;
  readonly #place: { readonly file: string; readonly folder: string };
  #draft: DraftFile | undefined;
  readonly #lines: string[] = [];

  constructor(place: Extract<OutputPlace, { readonly kind: "file" }>) {
    this.path = `${place.named}.rejected.ndjson`;
    this.#place = { file: `${place.file}.rejected.ndjson`, folder: place.folder };
  }

  add(rejected: RejectedRecord): void {
    this.#lines.push(`${JSON.stringify(rejected)}\n`);
  }

  /** Writes what has been added. */
  async flush(): Promise<void> {
    if (this.#lines.length === 0) return;
    const { file, folder } = this.#place;
    this.#draft ??= await DraftFile.open(file, folder);
    await this.#draft.write(Buffer.from(this.#lines.splice(0).join("")));
  }

  async finish(): Promise<void> {
    await this.flush();
    await this.#draft?.finish();
  }

  /** @returns the path, or undefined when nothing was rejected. */
  async appear(): Promise<string | undefined> {
    if (this.#draft === undefined) return undefined;
    await this.#draft.appear();
    return this.path;
  }

  /** The file of an earlier export goes when this one has rejected nothing. */
  async removeOld(): Promise<void> {
    if (this.#draft !== undefined) return;
    const { file } = this.#place;
    await rm(file, { force: true }).catch((error: unknown) => {
      // A folder is no earlier export's.
      if (error instanceof Error && "code" in error && error.code === "ERR_FS_EISDIR") return;
      throw exportFailure(error, { doing: "Removing the rejects of an earlier export", file });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#draft?.[Symbol.asyncDispose]();
  }
}
