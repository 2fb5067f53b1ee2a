/** So many bytes of buffers are kept for later. */
const keptBytes = 64 * 1024 ** 2;

/** Buffers of parts that are used again, so that memory stays flat however much goes through. */
export class PartBuffers {
  readonly #free: Buffer[] = [];
  #freeBytes = 0;

  /** A buffer of exactly that size, with anything in it. */
  take(sizeBytes: number): Buffer {
    const at = this.#free.findIndex(({ length }) => length === sizeBytes);
    const [found] = at < 0 ? [] : this.#free.splice(at, 1);
    if (!found) return Buffer.allocUnsafeSlow(sizeBytes);
    this.#freeBytes -= sizeBytes;
    return found;
  }

  give(buffer: Buffer): void {
    if (this.#freeBytes + buffer.length > keptBytes) return;
    this.#free.push(buffer);
    this.#freeBytes += buffer.length;
  }
}
