/** A list of users, roles or permissions, with a search form above it; its PagedTable has the ref `table`. */
import { useTemplateRef } from "vue";
import type { Page } from "@/api/client";
import { confirmed, showSuccess } from "@/notify";

interface Table {
  search(): Promise<void>;
  reload(): Promise<void>;
}

/**
 * @param asked what the form holds; all texts.
 * @param ask one page of the rows for which these texts, without blanks around them, are asked.
 */
export function useList<Row, Asked extends Record<string, string>>(
  asked: Asked,
  ask: (pageNo: number, pageSize: number, asked: Asked) => Promise<Page<Row>>,
) {
  const table = useTemplateRef<Table>("table");

  async function load(pageNo: number, pageSize: number): Promise<{ total: number; items: Row[] }> {
    const trimmed = Object.fromEntries(Object.entries(asked).map(([field, text]) => [field, text.trim()])) as Asked;
    const page = await ask(pageNo, pageSize, trimmed);
    return { total: page.totalCount, items: page.pageItems };
  }

  async function search(): Promise<void> {
    await table.value?.search();
  }

  async function reset(): Promise<void> {
    for (const field of Object.keys(asked)) (asked as Record<string, string>)[field] = "";
    await search();
  }

  /** Take a row away, after a question; `done` is said afterwards. */
  async function remove(question: string, take: () => Promise<unknown>, done: string): Promise<void> {
    if (!(await confirmed(question))) return;
    await take();
    showSuccess(done);
    await table.value?.reload();
  }

  return { load, search, reset, remove };
}
