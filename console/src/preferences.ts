/** How this browser shows things, besides theme and language: kept here, as Nacos's settings page does. */
import { ref, watch } from "vue";

/** The namespaces as a list to choose from, or side by side. */
export type NameDisplay = "select" | "label";
const KEY = "nacos.nameDisplay";

export const nameDisplay = ref<NameDisplay>(localStorage.getItem(KEY) === "label" ? "label" : "select");

watch(nameDisplay, (chosen) => localStorage.setItem(KEY, chosen), { flush: "sync" });
