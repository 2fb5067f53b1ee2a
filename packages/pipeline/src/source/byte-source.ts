/** Bytes that are taken by one reader after the other: what one was given and did not use is the next one's. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Buffer>;
  /** Chunks that were read and are nobody's. */
  #kept: Buffer[] = [];
  /** Chunks of the loan of which the borrower may not have used all, and how many bytes came before them. */
  #lent: Buffer[] = [];
  #lentBefore = 0;
  #loan: AsyncGenerator<Buffer, void> | undefined;
  #isOpen = true;

  constructor(chunks: AsyncIterator<Buffer>) {
    this.#chunks = chunks;
  }

  /** The next bytes, which stay: so many, or all that there are. */
  async peek(size: number): Promise<Buffer> {
    let head = Buffer.concat(this.#kept);
    while (head.length < size) {
      const chunk = await this.#read();
      if (chunk === undefined) break;
      head = Buffer.concat([head, chunk]);
    }
    this.#kept = head.length === 0 ? [] : [head];
    return head.subarray(0, size);
  }

  async skipZeros(): Promise<void> {
    for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) {
      const found = chunk.findIndex((byte) => byte !== 0);
      if (found < 0) continue;
      this.#kept.unshift(chunk.subarray(found));
      return;
    }
  }

  /** All that is left. */
  async *rest(): AsyncGenerator<Buffer, void> {
    for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next())
      yield chunk;
  }

  /** All that is left, until `takeBack`. @param used how many bytes of the loan the borrower is done with. */
  lend(used: () => number): AsyncIterable<Buffer> {
    this.#lent = [];
    this.#lentBefore = 0;
    this.#loan = this.#lending(used);
    return this.#loan;
  }

  /** Ends the loan. @param used of its bytes. */
  async takeBack(used: number): Promise<void> {
    await this.#loan?.return();
    this.#forget(used);
    const [first, ...others] = this.#lent.splice(0);
    if (first !== undefined) this.#kept.unshift(first.subarray(used - this.#lentBefore), ...others);
  }

  async close(): Promise<void> {
    if (this.#isOpen) await this.#chunks.return?.();
    this.#isOpen = false;
  }

  async *#lending(used: () => number): AsyncGenerator<Buffer, void> {
    for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) {
      this.#lent.push(chunk);
      this.#forget(used());
      yield chunk;
    }
  }

  #forget(used: number): void {
    for (;;) {
      const [first] = this.#lent;
      if (first === undefined || this.#lentBefore + first.length > used) return;
      this.#lent.shift();
      this.#lentBefore += first.length;
    }
  }

  async #next(): Promise<Buffer | undefined> {
    return this.#kept.shift() ?? (await this.#read());
  }

  async #read(): Promise<Buffer | undefined> {
    if (!this.#isOpen) return undefined;
    const { value, done } = await this.#chunks.next();
    if (done !== true) return value;
    this.#isOpen = false;
    return undefined;
  }
}
