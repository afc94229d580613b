/** CodeMirror as the console uses it. Loaded when the first editor appears. */
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { html } from "@codemirror/lang-html";
import { json } from "@codemirror/lang-json";
import { xml } from "@codemirror/lang-xml";
import { yaml } from "@codemirror/lang-yaml";
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  StreamLanguage,
  syntaxHighlighting,
} from "@codemirror/language";
import { properties } from "@codemirror/legacy-modes/mode/properties";
import { toml } from "@codemirror/legacy-modes/mode/toml";
import { linter, lintGutter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { problems } from "./syntax";

const LANGUAGES: Record<string, () => Extension> = {
  json,
  xml: () => xml(),
  yaml: () => yaml(),
  html: () => html(),
  properties: () => StreamLanguage.define(properties),
  toml: () => StreamLanguage.define(toml),
};

const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.bool, tags.null], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.attributeValue, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.literal], color: "var(--code-number)" },
  { tag: [tags.propertyName, tags.attributeName, tags.definition(tags.variableName)], color: "var(--code-name)" },
  { tag: [tags.tagName, tags.typeName, tags.heading, tags.labelName], color: "var(--code-tag)" },
  { tag: [tags.comment, tags.meta], color: "var(--code-comment)" },
  { tag: tags.invalid, color: "var(--el-color-danger)" },
]);

const THEME = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", color: "var(--el-text-color-primary)", backgroundColor: "var(--el-bg-color)" },
  "&.cm-focused": { outline: "2px solid var(--el-color-primary)", outlineOffset: "-1px" },
  ".cm-scroller": { fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace", overflow: "auto" },
  ".cm-content": { caretColor: "var(--el-text-color-primary)" },
  ".cm-cursor": { borderLeftColor: "var(--el-text-color-primary)" },
  ".cm-gutters": {
    color: "var(--el-text-color-secondary)",
    backgroundColor: "var(--el-fill-color-light)",
    borderRight: "1px solid var(--el-border-color-light)",
  },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--code-active)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--code-selection)",
  },
  ".cm-panels": { color: "var(--el-text-color-primary)", backgroundColor: "var(--el-fill-color-light)" },
  ".cm-panels input, .cm-panels button": { color: "inherit", backgroundColor: "var(--el-bg-color)", backgroundImage: "none" },
  ".cm-tooltip": { color: "var(--el-text-color-primary)", backgroundColor: "var(--el-bg-color-overlay)" },
  ".cm-collapsedLines": {
    color: "var(--el-text-color-regular)",
    background: "var(--el-fill-color-light)",
  },
  "&.cm-merge-a .cm-changedLine, .cm-deletedChunk": { backgroundColor: "var(--code-removed)" },
  "&.cm-merge-b .cm-changedLine, .cm-insertedLine": { backgroundColor: "var(--code-added)" },
});

export function language(type: string): Extension {
  return LANGUAGES[type]?.() ?? [];
}

/** Marks the problems of a type while one types. */
export function checks(type: string): Extension {
  return linter((view) => problems(type, view.state.doc.toString()), { delay: 300 });
}

/** What every view has. */
export function base(label: string, separator: string): Extension {
  return [
    lineNumbers(),
    highlightSpecialChars(),
    drawSelection(),
    bracketMatching(),
    foldGutter(),
    syntaxHighlighting(COLOURS),
    THEME,
    EditorState.lineSeparator.of(separator),
    // Whoever looks for what the keyboard reaches goes by tabindex: that all text which scrolls has it, read-only or not.
    EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
    keymap.of([...searchKeymap, ...foldKeymap]),
  ];
}

/**
 * Typing over a selection, done here: Chromium would carry the style of what goes away over in a style attribute, which the
 * Content-Security-Policy forbids (and which it then complains of).
 */
const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const typed = event.inputType === "insertText" && !event.isComposing ? event.data : null;
    if (!typed || view.state.readOnly || view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch({ ...view.state.replaceSelection(typed), userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

export function editing(): Extension {
  return [
    typeOver,
    history(),
    indentOnInput(),
    indentUnit.of("  "),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    highlightSelectionMatches(),
    lintGutter(),
    // Escape, then Tab leaves the editor.
    keymap.of([...defaultKeymap, ...historyKeymap, ...lintKeymap, indentWithTab]),
  ];
}

export const readOnly: Extension = EditorState.readOnly.of(true);
