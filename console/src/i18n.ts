/** Languages. Messages of a language are one chunk, made of one file per area (locales/<language>/<area>.ts). */
import { ref, shallowRef } from "vue";
import { createI18n } from "vue-i18n";
import type { Language as ElementLanguage } from "element-plus/es/locale/index";

export type Language = "zh-CN" | "en-US";
export const LANGUAGES: Record<Language, string> = { "zh-CN": "中文", "en-US": "English" };
const KEY = "nacos.language";

export const i18n = createI18n({ legacy: false, locale: "en-US", fallbackLocale: "en-US", messages: {} });
export const language = ref<Language>("en-US");
/** Element Plus's own texts in the present language. */
export const elementLocale = shallowRef<ElementLanguage>();

const LOADERS = {
  "zh-CN": () => Promise.all([import("./locales/zh-CN"), import("element-plus/es/locale/lang/zh-cn")]),
  "en-US": () => Promise.all([import("./locales/en-US"), import("element-plus/es/locale/lang/en")]),
};

export function preferredLanguage(): Language {
  const chosen = localStorage.getItem(KEY);
  if (chosen === "zh-CN" || chosen === "en-US") return chosen;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en-US";
}

export async function loadLanguage(wanted: Language): Promise<void> {
  const [messages, element] = await LOADERS[wanted]();
  (i18n.global.setLocaleMessage as (locale: string, messages: object) => void)(wanted, messages.default);
  (i18n.global.locale as { value: string }).value = wanted;
  elementLocale.value = element.default as ElementLanguage;
  language.value = wanted;
  document.documentElement.lang = wanted;
}

export async function chooseLanguage(wanted: Language): Promise<void> {
  localStorage.setItem(KEY, wanted);
  await loadLanguage(wanted);
}

/**
 * A message, outside components.
 * @param count chooses its form, where it has several ("1 row | {count} rows").
 */
export function t(key: string, values: Record<string, unknown> = {}, count?: number): string {
  const say = i18n.global.t as (key: string, values: object, count?: number) => string;
  return count === undefined ? say(key, values) : say(key, values, count);
}
