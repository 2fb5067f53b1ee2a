const numericId = /^__id(?<number>-?[1-9]\d{0,18})__$/;

/** Why a text cannot be the id of a document; undefined when it can. */
export function idFaultOf(id: string): string | undefined {
  if (id === "") return "is empty";
  if (id === "." || id === "..") return "is . or ..";
  if (id.includes("/")) return "has a slash";
  if (Buffer.byteLength(id) > 1500) return "is longer than 1,500 bytes";
  if (!/^__.*__$/s.test(id)) return undefined;
  const number = numericId.exec(id)?.groups?.["number"];
  if (number !== undefined && BigInt.asIntN(64, BigInt(number)) === BigInt(number))
    return undefined;
  return "is of the form __x__, which Firestore keeps for itself";
}
