/** What a namespace may be called, as the node has it. */

export const LONGEST = 128;
export const LONGEST_DESC = 256;

/** @returns a message key; "" for an id that can be. Empty: the node makes one. */
export function idTrouble(id: string): string {
  if (id === "") return "";
  if (!/^[A-Za-z0-9_-]+$/.test(id)) return "namespace.idCharacters";
  if (id.length > LONGEST) return "namespace.tooLong";
  return id === "public" || id === "null" ? "namespace.idTaken" : "";
}

/** @param others the names of the other namespaces. */
export function nameTrouble(name: string, others: string[]): string {
  if (name === "") return "common.required";
  if (/[@#$%^&*]/.test(name)) return "namespace.nameCharacters";
  if (name.length > LONGEST) return "namespace.tooLong";
  return others.includes(name) ? "namespace.nameTaken" : "";
}
