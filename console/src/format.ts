/** Times as people read them, in the browser's time zone. */
import { language } from "@/i18n";

export function formatTime(when: number | string | null | undefined): string {
  if (when === null || when === undefined || when === "") return "-";
  const date = new Date(when);
  if (Number.isNaN(date.getTime())) return String(when);
  return new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeStyle: "medium" }).format(date);
}
