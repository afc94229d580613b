import { mount } from "@vue/test-utils";
import { defineComponent, h, reactive } from "vue";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { confirmed, showSuccess } from "@/notify";
import { useList } from "@/pages/auth/list";

vi.mock("@/notify");

const asked = reactive({ role: "", username: "" });
const ask = vi.fn(async (_pageNo: number, _pageSize: number, _asked: Record<string, string>) => ({
  totalCount: 1, pageNumber: 1, pagesAvailable: 1, pageItems: ["row"],
}));
const table = { search: vi.fn(async () => undefined), reload: vi.fn(async () => undefined) };
const Table = defineComponent({ setup: (_props, { expose }) => (expose(table), () => h("div")) });

/** A list in a page that has a table. */
function list() {
  let found!: ReturnType<typeof useList<string, typeof asked>>;
  mount(defineComponent({ setup: () => ((found = useList(asked, ask)), () => h(Table, { ref: "table" })) }));
  return found;
}

beforeEach(() => {
  Object.assign(asked, { role: "", username: "" });
  vi.clearAllMocks();
});

describe("lists of accounts", () => {
  it("ask for what is filled in, without blanks around it", async () => {
    asked.role = " r ";
    expect(await list().load(2, 20)).toEqual({ total: 1, items: ["row"] });
    expect(ask).toHaveBeenCalledWith(2, 20, { role: "r", username: "" });
  });

  it("ask for everything after a reset", async () => {
    asked.username = "ann";
    await list().reset();
    expect(asked).toEqual({ role: "", username: "" });
    expect(table.search).toHaveBeenCalledOnce();
  });

  it("take nothing away unless the user agrees", async () => {
    const take = vi.fn(async () => undefined);
    vi.mocked(confirmed).mockResolvedValueOnce(false);
    await list().remove("sure?", take, "gone");
    expect([take.mock.calls.length, table.reload.mock.calls.length]).toEqual([0, 0]);
    vi.mocked(confirmed).mockResolvedValueOnce(true);
    await list().remove("sure?", take, "gone");
    expect(take).toHaveBeenCalledOnce();
    expect(showSuccess).toHaveBeenCalledWith("gone");
    expect(table.reload).toHaveBeenCalledOnce();
  });
});
