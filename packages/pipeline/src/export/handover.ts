/** Gives what one task makes to another, one at a time. */
export class Handover<Item> {
  #item: { readonly value: Item } | undefined;
  #isOver = false;
  #isStopped = false;
  #wakeTaker: (() => void) | undefined;
  #wakeGiver: (() => void) | undefined;

  /** Fulfilled when it was taken, and the taker has asked for the next. @returns false when nobody takes any more. */
  async give(value: Item): Promise<boolean> {
    this.#item = { value };
    this.#wakeTaker?.();
    while (this.#item !== undefined && !this.#isStopped)
      await new Promise<void>((resolve) => (this.#wakeGiver = resolve));
    return !this.#isStopped;
  }

  /** There is no more. */
  end(): void {
    this.#isOver = true;
    this.#wakeTaker?.();
  }

  /** Nobody takes any more. */
  stop(): void {
    this.#isStopped = true;
    this.#wakeGiver?.();
  }

  async *taken(): AsyncGenerator<Item, void> {
    for (;;) {
      while (this.#item === undefined && !this.#isOver)
        await new Promise<void>((resolve) => (this.#wakeTaker = resolve));
      if (this.#item === undefined) return;
      yield this.#item.value;
      this.#item = undefined;
      this.#wakeGiver?.();
    }
  }
}
