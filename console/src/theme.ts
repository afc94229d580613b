/** Light or dark: what was chosen here, else what the system wants. */
import { ref, watch } from "vue";

export type Theme = "light" | "dark" | "system";
const KEY = "nacos.theme";
const system = window.matchMedia?.("(prefers-color-scheme: dark)");

export const theme = ref<Theme>((localStorage.getItem(KEY) as Theme | null) ?? "system");
export const dark = ref(false);

export function applyTheme(): void {
  dark.value = theme.value === "dark" || (theme.value === "system" && !!system?.matches);
  document.documentElement.classList.toggle("dark", dark.value);
}

watch(theme, (chosen) => {
  localStorage.setItem(KEY, chosen);
  applyTheme();
});
system?.addEventListener?.("change", applyTheme);
