/** Cuts what is longer than a line, a path for example, so that nothing of it is lost. Without a width it stays whole. */
export function breakWords(text: string, columns: number | undefined): string {
  return columns === undefined
    ? text
    : text
        .split(" ")
        .flatMap((word) => word.match(new RegExp(`.{1,${columns}}`, "gu")) ?? [""])
        .join(" ");
}
