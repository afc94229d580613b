import { describe, expect, it, vi } from "vitest";
import { flushPromises, mount } from "@vue/test-utils";
import { ApiError } from "@/api/client";
import PagedTable from "@/components/PagedTable.vue";
import { i18n, loadLanguage } from "@/i18n";
import { useLoading } from "@/loading";

const away = () => Promise.reject(new ApiError(503, "the database is not available"));

describe("useLoading", () => {
  it("tells why something could not be had until it could", async () => {
    await loadLanguage("en-US");
    const { trouble, since, load } = useLoading();
    await load(away);
    expect([trouble.value, since.value]).toEqual(["The database is away", 0]);
    await load(async () => 1);
    expect([trouble.value, since.value > 0]).toEqual(["", true]);
    const had = since.value;
    await load(away);
    expect([trouble.value, since.value]).toEqual(["The database is away", had]);
  });

  it("goes by the last of several questions, however they end", async () => {
    const { trouble, load } = useLoading();
    let fail = (_: unknown): void => undefined;
    const slow = load(() => new Promise((_, reject) => (fail = reject)));
    await load(async () => 1);
    fail(new ApiError(500, "late"));
    await slow;
    expect(trouble.value).toBe("");
  });

  it("does not swallow a mistake of the pages", async () => {
    const { trouble, load } = useLoading();
    await expect(load(() => Promise.reject(new TypeError("x")))).rejects.toThrow(TypeError);
    expect(trouble.value).toBe("");
  });
});

describe("a table that could not be loaded", () => {
  it("says why for as long as it is so, and asks again when told to", async () => {
    await loadLanguage("en-US");
    vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
    let load: () => Promise<{ total: number; items: object[] }> = away;
    const box = mount(PagedTable, { props: { load: () => load() }, global: { plugins: [i18n] }, attachTo: document.body });
    await flushPromises();
    expect(box.find(".el-table__empty-text").text()).toBe("Could not be loaded: The database is away");
    expect(box.find("[role=status]").text()).toContain("The database is away");
    await (box.vm as unknown as { reload: () => Promise<void> }).reload().catch(() => undefined);
    expect(box.find("[role=status]").text()).toContain("The database is away");
    load = async () => ({ total: 0, items: [] });
    await box.find("[role=status] button").trigger("click");
    await flushPromises();
    expect(box.find(".el-table__empty-text").text()).toBe("Nothing found");
    expect(box.find("[role=status]").text()).toBe("");
    box.unmount();
  });
});
