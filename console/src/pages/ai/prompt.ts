/** Templates of prompts, and their gaps. */
import type { Variable } from "@/api/prompts";

const GAP = /\{\{\s*([^{}\s]+)\s*\}\}/g;

/** The names of a template's gaps, each once, in their order. */
export function gapsOf(template: string): string[] {
  return [...new Set([...template.matchAll(GAP)].map((match) => match[1]!))];
}

/** What is known of a template's gaps: what was said before of those that are still there. */
export function variablesOf(template: string, before: Variable[]): Variable[] {
  const known = new Map(before.map((one) => [one.name, one]));
  return gapsOf(template).map((name) => known.get(name) ?? { name, defaultValue: "", description: "" });
}

/** The version behind one: its last number is higher by one. "" where it ends with no number. */
export function nextVersion(version: string): string {
  const found = /^(.*?)(\d+)$/s.exec(version);
  return found ? `${found[1]}${BigInt(found[2]!) + 1n}` : "";
}

/** A message's key for what is wrong with a prompt's name; "" for nothing. */
export function nameProblem(name: string): string {
  if (name.trim() === "") return "common.required";
  return name.length > 128 || /[\u0000-\u001f/\\]/.test(name) ? "ai.prompt.badName" : "";
}
