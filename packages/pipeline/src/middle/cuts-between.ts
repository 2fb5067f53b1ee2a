const hex = "0123456789abcdef";
const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ascii = String.fromCodePoint(...Array.from({ length: 94 }, (_, index) => 33 + index)).replace(
  "/",
  "",
);

/** How many characters behind what is common are looked at. */
const depth = 4;

/**
 * Ids between two others that cut what lies between them into about equal parts, as far as ids are spread evenly: hashes, Firestore's own
 * ids, and numbers are. None where the ids are others.
 */
export function cutsBetween(first: string, last: string, parts: number): readonly string[] {
  const alphabet = [hex, alphanumeric, ascii].find((letters) =>
    Array.from(first + last).every((letter) => letters.includes(letter)),
  );
  if (alphabet === undefined || first >= last) return [];
  let common = 0;
  while (first[common] === last[common]) common += 1;
  const from = numberOf(first.slice(common), alphabet);
  const to = numberOf(last.slice(common), alphabet) + 1;
  const cuts = Array.from({ length: parts - 1 }, (_, index) => {
    const place = Math.floor(from + ((to - from) * (index + 1)) / parts);
    return first.slice(0, common) + textOf(place, alphabet);
  });
  return [...new Set(cuts)].filter((cut) => cut > first && cut <= last);
}

function numberOf(text: string, alphabet: string): number {
  let number = 0;
  for (let index = 0; index < depth; index += 1)
    number =
      number * alphabet.length + Math.max(0, alphabet.indexOf(text[index] ?? alphabet[0] ?? ""));
  return number;
}

function textOf(number: number, alphabet: string): string {
  let text = "";
  let rest = number;
  for (let index = 0; index < depth; index += 1) {
    text = (alphabet[rest % alphabet.length] ?? "") + text;
    rest = Math.floor(rest / alphabet.length);
  }
  return text;
}
