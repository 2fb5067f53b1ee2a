import type { ListenRequest, ListenResponse, Target } from "../src/protocol/messages.ts";
import type { MapValue } from "../src/value/value.ts";
import { addTarget } from "./listen-requests.ts";
import { RawClient, type RawMessage, type RawStream } from "./raw-client.ts";
import { WatchView } from "./watch-view.ts";

/** Documents by their paths. */
export type Contents = ReadonlyMap<string, MapValue>;

/** A client of a server that writes to it, and listens to targets on one stream. */
export class RemoteListener {
  readonly database: string;
  readonly view = new WatchView();
  readonly #client: RawClient;
  readonly #stream: RawStream;
  #problem: Error | undefined;

  constructor(address: string, database: string) {
    this.database = database;
    this.#client = new RawClient(address);
    this.#stream = this.#client.open("Listen", database);
    this.#stream.on("data", (message: ListenResponse) => {
      try {
        this.view.apply(message);
      } catch (error) {
        this.#problem ??= error instanceof Error ? error : new Error(String(error));
      }
    });
    this.#stream.on("error", (error) => {
      this.#problem ??= error;
    });
  }

  listen(id: number, target: Partial<Target>): void {
    this.view.expectTarget(id);
    this.#send(addTarget(this.database, id, target));
  }

  async write(changes: ReadonlyMap<string, MapValue | undefined>): Promise<void> {
    const writes = [...changes].map(([path, fields]) => {
      const name = `${this.database}/documents/${path}`;
      return fields ? { update: { name, fields } } : { delete: name };
    });
    const { code, details } = await this.#client.call("Commit", {
      database: this.database,
      writes,
    });
    if (code !== 0) throw new Error(`The commit was refused: ${details}`);
  }

  /** What the listener was told of a target, up to the last snapshot. */
  contentsOf(id: number): Contents {
    if (this.#problem) throw this.#problem;
    const prefix = `${this.database}/documents/`;
    return new Map(
      [...this.view.documentsOf(id)].map(([name, { fields }]) => [
        name.slice(prefix.length),
        fields,
      ]),
    );
  }

  close(): void {
    this.#stream.cancel();
    this.#client.close();
  }

  #send(request: ListenRequest): void {
    const message: RawMessage = { ...request };
    this.#stream.write(message);
  }
}
