import { EmulatorError } from "../emulator-error.ts";

/** A value within a JSON file that knows where it is. */
export class JsonPlace {
  readonly value: unknown;
  readonly #file: string;
  readonly #where: string;

  constructor(file: string, where: string, value: unknown) {
    this.#file = file;
    this.#where = where;
    this.value = value;
  }

  /**
   * Opens a file.
   *
   * @param json its text, or what it was parsed to.
   * @throws {EmulatorError} INVALID_INDEXES when it is no JSON.
   */
  static open(json: unknown, file: string): JsonPlace {
    if (typeof json !== "string") return new JsonPlace(file, "", json);
    try {
      return new JsonPlace(file, "", JSON.parse(json));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new EmulatorError("INVALID_INDEXES", `${file} is no JSON: ${reason}.`, { cause, file });
    }
  }

  /** A member of this object; its value is `undefined` when there is none. @throws {EmulatorError} when this is no object. */
  member(name: string): JsonPlace {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.error("must be an object");
    }
    const member: unknown = Object.entries(value).find(([key]) => key === name)?.[1];
    return new JsonPlace(this.#file, this.#where === "" ? name : `${this.#where}.${name}`, member);
  }

  /** The items of a member; none when there is no such. @throws {EmulatorError} when it is no list. */
  list(name: string): readonly JsonPlace[] {
    const member = this.member(name);
    if (member.value === undefined) return [];
    if (!Array.isArray(member.value)) throw member.error("must be a list");
    return member.value.map(
      (item: unknown, index) => new JsonPlace(this.#file, `${member.#where}[${index}]`, item),
    );
  }

  /** @param problem such as `must be a list`. */
  error(problem: string): EmulatorError {
    const where = this.#where === "" ? this.#file : `${this.#file}: ${this.#where}`;
    return new EmulatorError("INVALID_INDEXES", `${where} ${problem}.`, {
      hint: "The form of the file: https://firebase.google.com/docs/reference/firestore/indexes",
      file: this.#file,
    });
  }
}
