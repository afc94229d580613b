/** Whether the screen is a phone's: what has to be decided before styles are, as the widths of columns. */
import { ref, type Ref } from "vue";

const WIDEST = 600;
const asked = typeof window.matchMedia === "function" ? window.matchMedia(`(max-width: ${WIDEST}px)`) : undefined;

export const narrow: Ref<boolean> = ref(asked?.matches ?? false);
asked?.addEventListener("change", () => (narrow.value = asked.matches));
