const quote = 0x22;
const backslash = 0x5c;
const firstPrintable = 0x20;
const secondsPerDay = 86_400;
/** Of 400 years: the calendar repeats itself then. */
const daysPerEra = 146_097;
const daysFromMarchOfYear0 = 719_468;

/** `\n`, `\t` and the like; other control characters have no short form. */
const shortEscapes: ReadonlyMap<number, number> = new Map([
  [0x08, 0x62],
  [0x09, 0x74],
  [0x0a, 0x6e],
  [0x0c, 0x66],
  [0x0d, 0x72],
  [quote, quote],
  [backslash, backslash],
]);
const hexDigits = Buffer.from("0123456789abcdef", "latin1");

/** JSON as bytes, written from bytes: texts are copied and not decoded. */
export class JsonOutput {
  #bytes: Buffer;
  #length = 0;

  constructor(sizeBytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(sizeBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** Gives what was written, and starts anew in other memory. */
  take(sizeBytes: number): Buffer {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.allocUnsafeSlow(sizeBytes);
    this.#length = 0;
    return taken;
  }

  /** Drops what was written behind this length. */
  cut(length: number): void {
    this.#length = length;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  /** JSON's own characters: ASCII that needs no escape. */
  ascii(text: string): void {
    this.#room(text.length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let index = 0; index < text.length; index += 1) {
      bytes[at] = text.charCodeAt(index);
      at += 1;
    }
    this.#length = at;
  }

  /** A text in quotes, from UTF-8. */
  text(source: Buffer, start: number, end: number): void {
    this.#room((end - start) * 6 + 2);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = quote;
    for (let index = start; index < end; index += 1) {
      const value = source[index] ?? 0;
      if (value >= firstPrintable && value !== quote && value !== backslash) bytes[at++] = value;
      else at = escape(bytes, at, value);
    }
    bytes[at++] = quote;
    this.#length = at;
  }

  /** Bytes as Base64, in quotes. */
  base64(source: Buffer, start: number, end: number): void {
    const text = source.toString("base64", start, end);
    this.#room(text.length + 2);
    this.byte(quote);
    this.#length += this.#bytes.write(text, this.#length, "latin1");
    this.byte(quote);
  }

  /** A double, to its last bit; what JSON has no number for is in quotes, as in proto3's JSON. */
  double(value: number): void {
    if (Number.isFinite(value)) this.ascii(Object.is(value, -0) ? "-0" : String(value));
    else this.ascii(`"${value}"`);
  }

  /** RFC 3339 in UTC with as many digits after the second as are needed, in threes, in quotes. */
  time(seconds: number, nanos: number): void {
    const day = Math.floor(seconds / secondsPerDay);
    const second = seconds - day * secondsPerDay;
    this.byte(quote);
    this.#date(day);
    this.byte(0x54);
    this.#digits(Math.floor(second / 3600), 2);
    this.byte(0x3a);
    this.#digits(Math.floor(second / 60) % 60, 2);
    this.byte(0x3a);
    this.#digits(second % 60, 2);
    if (nanos !== 0) this.#fraction(nanos);
    this.ascii('Z"');
  }

  /** A day since 1970 as `2026-01-31`, without a `Date`: neighbouring documents have days far apart. */
  #date(day: number): void {
    // Years that begin in March end with the day that only some have.
    const fromMarch = day + daysFromMarchOfYear0;
    const era = Math.floor(fromMarch / daysPerEra);
    const ofEra = fromMarch - era * daysPerEra;
    const year = Math.floor(
      (ofEra -
        Math.floor(ofEra / 1460) +
        Math.floor(ofEra / 36_524) -
        Math.floor(ofEra / 146_096)) /
        365,
    );
    const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
    const month = Math.floor((5 * ofYear + 2) / 153);
    this.#digits(era * 400 + year + (month > 9 ? 1 : 0), 4);
    this.byte(0x2d);
    this.#digits(month > 9 ? month - 9 : month + 3, 2);
    this.byte(0x2d);
    this.#digits(ofYear - Math.floor((153 * month + 2) / 5) + 1, 2);
  }

  #fraction(nanos: number): void {
    this.byte(0x2e);
    if (nanos % 1_000_000 === 0) this.#digits(nanos / 1_000_000, 3);
    else if (nanos % 1000 === 0) this.#digits(nanos / 1000, 6);
    else this.#digits(nanos, 9);
  }

  #digits(value: number, count: number): void {
    this.#room(count);
    let rest = value;
    for (let at = this.#length + count - 1; at >= this.#length; at -= 1) {
      this.#bytes[at] = 0x30 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    this.#length += count;
  }

  #room(sizeBytes: number): void {
    const needed = this.#length + sizeBytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** Gives where it ends. */
function escape(bytes: Buffer, start: number, value: number): number {
  let at = start;
  bytes[at++] = backslash;
  const short = shortEscapes.get(value);
  if (short !== undefined) {
    bytes[at++] = short;
    return at;
  }
  bytes[at++] = 0x75;
  bytes[at++] = 0x30;
  bytes[at++] = 0x30;
  bytes[at++] = hexDigits[value >> 4] ?? 0;
  bytes[at++] = hexDigits[value & 15] ?? 0;
  return at;
}
