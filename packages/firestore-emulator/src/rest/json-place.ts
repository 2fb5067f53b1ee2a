/** Where in a request something is, as the service writes it: `writes[0].update.fields[1].value`. */
export class JsonPlace {
  static readonly root: JsonPlace = new JsonPlace(undefined, "");
  readonly #parent: JsonPlace | undefined;
  readonly #step: string | number;

  private constructor(parent: JsonPlace | undefined, step: string | number) {
    this.#parent = parent;
    this.#step = step;
  }

  /** A field of the message that is here. @param name in either of its two forms. */
  field(name: string): JsonPlace {
    return new JsonPlace(this, name);
  }

  /** An element of the list, or an entry of the map, that is here. */
  item(index: number): JsonPlace {
    return new JsonPlace(this, index);
  }

  toString(): string {
    if (!this.#parent) return "";
    const before = this.#parent.toString();
    if (typeof this.#step === "number") return `${before}[${this.#step}]`;
    return before === "" ? originalName(this.#step) : `${before}.${originalName(this.#step)}`;
  }
}

/** The name of a field as the protocol's own description has it: `collection_id` for `collectionId`. */
export function originalName(name: string): string {
  return name.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`);
}
