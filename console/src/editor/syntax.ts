/** Finds what is wrong with a content of a type. Nothing here runs on the node: contents are opaque to it. */
import { SaxesParser } from "saxes";
import { parse as parseToml, TomlError } from "smol-toml";
import { LineCounter, parseAllDocuments } from "yaml";

export interface Problem {
  /** Offset into the text, in UTF-16 units, with line ends of one unit. */
  from: number;
  to: number;
  severity: "error" | "warning";
  message: string;
}

/** Longer contents are not checked: it would take too long at each change. */
export const LONGEST = 500_000;

type Checker = (text: string) => Problem[];

function at(text: string, from: number, message: string, severity: Problem["severity"] = "error"): Problem {
  const start = Math.max(0, Math.min(from, text.length));
  return { from: start, to: Math.min(start + 1, text.length), severity, message };
}

function offset(text: string, line: number, column: number): number {
  let found = 0;
  for (let row = 1; row < line; row++) {
    const next = text.indexOf("\n", found);
    if (next < 0) return text.length;
    found = next + 1;
  }
  return Math.min(text.length, found + Math.max(0, column - 1));
}

/** Where JSON.parse stopped; engines say it in different ways, or not at all. */
function jsonPosition(text: string, message: string): number {
  const byOffset = /position (\d+)/.exec(message);
  if (byOffset) return Number(byOffset[1]);
  const byLine = /line (\d+) column (\d+)/.exec(message);
  if (byLine) return offset(text, Number(byLine[1]), Number(byLine[2]));
  return /end of|unterminated/i.test(message) ? text.length : 0;
}

function json(text: string): Problem[] {
  try {
    JSON.parse(text);
    return [];
  } catch (error) {
    const message = (error as Error).message;
    return [at(text, jsonPosition(text, message), message)];
  }
}

function yaml(text: string): Problem[] {
  const lines = new LineCounter();
  const found: Problem[] = [];
  // Only parsed, never made into values: aliases that multiply cost nothing.
  for (const document of parseAllDocuments(text, { lineCounter: lines, prettyErrors: true })) {
    if (!("errors" in document)) continue;
    for (const [severity, list] of [["error", document.errors], ["warning", document.warnings]] as const) {
      for (const one of list) {
        const message = one.message.replace(/ at line [^]*$/, "");
        found.push({ from: one.pos[0], to: Math.max(one.pos[1], one.pos[0]), severity, message });
      }
    }
  }
  return found;
}

function toml(text: string): Problem[] {
  try {
    parseToml(text);
    return [];
  } catch (error) {
    if (!(error instanceof TomlError)) return [at(text, 0, String(error))];
    const message = error.message.split("\n")[0]!.replace(/^Invalid TOML document: /, "");
    return [at(text, offset(text, error.line, error.column), message)];
  }
}

/** Entities that the document declares itself; what they stand for does not matter here. */
function declareEntities(parser: SaxesParser<{ xmlns: true }>, doctype: string): void {
  for (const match of doctype.matchAll(/<!ENTITY\s+([^\s%]+)\s/g)) parser.ENTITIES[match[1]!] = "";
}

/** Not by the browser's own parser: what that says has style attributes, which the Content-Security-Policy complains of. */
function xml(text: string): Problem[] {
  const parser = new SaxesParser({ xmlns: true });
  let found: Problem | undefined;
  parser.on("doctype", (doctype) => declareEntities(parser, doctype));
  // Only the first: those after it follow from it.
  parser.on("error", ({ message }) => (found ??= at(text, parser.position - 1, message.replace(/^(\d+:\d+: )?/, ""))));
  parser.write(text).close();
  return found ? [found] : [];
}

const VOID = new Set("area base br col embed hr img input link meta param source track wbr".split(" "));
/** Elements whose end tag may be left out. */
const LAX = new Set("html head body p li dt dd tr td th thead tbody tfoot option optgroup colgroup rt rp".split(" "));
const RAW = /^(script|style|textarea|title)$/;

/** HTML parsers accept anything; told are end tags without a start and elements that are never closed. */
function html(text: string): Problem[] {
  const found: Problem[] = [];
  const open: { name: string; from: number }[] = [];
  const tag = /<!--[^]*?(?:-->|$)|<![^>]*>|<(\/?)([a-zA-Z][\w:-]*)((?:"[^"]*"|'[^']*'|[^"'>])*)>/g;
  for (let match = tag.exec(text); match; match = tag.exec(text)) {
    const name = match[2]?.toLowerCase();
    if (!name || VOID.has(name)) continue;
    if (match[1] === "") {
      if (match[3]!.endsWith("/")) continue;
      open.push({ name, from: match.index });
      if (RAW.test(name)) {
        const end = text.slice(tag.lastIndex).search(new RegExp(`</${name}\\b`, "i"));
        tag.lastIndex = end < 0 ? text.length : tag.lastIndex + end;
      }
    } else {
      let last = open.length - 1;
      while (last >= 0 && open[last]!.name !== name && LAX.has(open[last]!.name)) last--;
      if (last >= 0 && open[last]!.name === name) open.length = last;
      else found.push(at(text, match.index, `</${name}> closes nothing that is open here`, "warning"));
    }
  }
  for (const one of open) {
    if (!LAX.has(one.name)) found.push(at(text, one.from, `<${one.name}> is never closed`, "warning"));
  }
  return found;
}

/** Java's rules: a \u needs four hex digits. A key that comes twice is worth a warning: the last one wins. */
function properties(text: string): Problem[] {
  const found: Problem[] = [];
  for (const match of text.matchAll(/(?<!\\)(?:\\\\)*\\u(?![0-9a-fA-F]{4})/g)) {
    found.push(at(text, match.index, "\\u needs four hexadecimal digits"));
  }
  const seen = new Set<string>();
  let start = 0;
  let continued = false;
  for (const line of text.split("\n")) {
    const bare = line.trim();
    if (!continued && bare !== "" && !/^[#!]/.test(bare)) {
      const key = /^((?:\\.|[^\\=:\s])*)/.exec(bare)![1]!;
      if (seen.has(key)) found.push(at(text, start + line.indexOf(bare), `${key}: this key is there already`, "warning"));
      seen.add(key);
    }
    const comment: boolean = !continued && /^[#!]/.test(bare);
    continued = !comment && /(?<!\\)(?:\\\\)*\\$/.test(line.replace(/\r$/, ""));
    start += line.length + 1;
  }
  return found;
}

const CHECKERS: Record<string, Checker> = { json, yaml, toml, xml, html, properties };

/** What is wrong; nothing for a type without rules, an empty text, or one that is too long to look at. */
export function problems(type: string, text: string): Problem[] {
  const checker = CHECKERS[type];
  if (!checker || text.trim() === "" || text.length > LONGEST) return [];
  return checker(text);
}

/** "line:column" of an offset, both from 1. */
export function place(text: string, from: number): string {
  const before = text.slice(0, from);
  const line = before.split("\n").length;
  return `${line}:${from - before.lastIndexOf("\n")}`;
}
