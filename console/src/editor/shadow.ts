/**
 * A root for CodeMirror's styles. In a shadow root it adopts style sheets instead of writing <style> elements, which the
 * Content-Security-Policy of the console does not allow.
 */
export function shadowOf(host: HTMLElement): { root: ShadowRoot; parent: HTMLElement } {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const parent = document.createElement("div");
  parent.part.add("editor");
  root.replaceChildren(parent);
  return { root, parent };
}
