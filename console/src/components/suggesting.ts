/** An el-autocomplete whose state screen readers learn: Element Plus tells it at the box around the input only. */
import { computed, onMounted, useTemplateRef, watch } from "vue";

/** What an el-autocomplete tells of itself. */
export interface Suggesting {
  activated: boolean;
  loading: boolean;
  suggestions: unknown[];
  inputRef?: { input?: HTMLInputElement };
}

/** Whether its list is open. */
export const isExpanded = (box: Suggesting | null) =>
  !!box && box.activated && (box.loading || box.suggestions.length > 0);

/** For the el-autocomplete that a component's template names by `ref`. */
export function useSuggesting(name: string): void {
  const box = useTemplateRef<Suggesting>(name);
  const expanded = computed(() => isExpanded(box.value));
  function tell(): void {
    const input = box.value?.inputRef?.input;
    input?.setAttribute("role", "combobox");
    input?.setAttribute("aria-expanded", String(expanded.value));
    // It names an item that is not there until one is highlighted.
    input?.removeAttribute("aria-activedescendant");
  }
  onMounted(tell);
  watch(expanded, tell, { flush: "post" });
}
