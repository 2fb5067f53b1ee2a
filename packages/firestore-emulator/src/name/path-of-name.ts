/** The path below `documents` of a name that was found valid. */
export function pathOfName(name: string): string {
  let slash = -1;
  for (let part = 0; part < 5; part += 1) slash = name.indexOf("/", slash + 1);
  return name.slice(slash + 1);
}
