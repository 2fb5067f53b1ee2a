/** The steps of a JSON path as in `policy.numbers[0]["odd key"]`, with or without `$.` before it; undefined when it is none. */
export function parseJsonPath(text: string): readonly (string | number)[] | undefined {
  const steps: (string | number)[] = [];
  let rest = text.replace(/^\$(?:\.|(?=\[)|$)/, "");
  for (let isFirst = true; rest !== "" || isFirst; isFirst = false) {
    const match = step(rest, isFirst);
    if (match === undefined) return undefined;
    steps.push(match.value);
    rest = rest.slice(match.length);
  }
  return steps;
}

function step(
  text: string,
  isFirst: boolean,
): { readonly value: string | number; readonly length: number } | undefined {
  const index = /^\[(\d{1,9})\]/.exec(text);
  if (index?.[1] !== undefined) return { value: Number(index[1]), length: index[0].length };
  const quoted = /^\[("(?:[^"\\]|\\.)+")\]/.exec(text);
  if (quoted?.[1] !== undefined) {
    const value = memberName(quoted[1]);
    return value === undefined ? undefined : { value, length: quoted[0].length };
  }
  const plain = (isFirst ? /^([^.[\]"]+)/ : /^\.([^.[\]"]+)/).exec(text);
  // What other languages of paths take for all members.
  return plain?.[1] === undefined || plain[1] === "*"
    ? undefined
    : { value: plain[1], length: plain[0].length };
}

function memberName(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // PostgreSQL's texts have no NUL and no half of a surrogate pair.
    return typeof value === "string" && !/[\0\p{Cs}]/u.test(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
