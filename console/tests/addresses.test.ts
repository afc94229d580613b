import { describe, expect, it } from "vitest";
import { pageQuery, startOf } from "@/components/paging";
import { firstText, listOf } from "@/pages/config/logic";

describe("pages in addresses", () => {
  it.each([
    [{}, 1, 10],
    [{ pageNo: "3", pageSize: "50" }, 3, 50],
    [{ pageNo: "0", pageSize: "-1" }, 1, 10],
    [{ pageNo: "x", pageSize: "1e3" }, 1, 10],
    [{ pageNo: ["1", "2"], pageSize: "100000" }, 1, 500],
  ])("%j begins at page %d of %d", (query, pageNo, pageSize) => {
    expect(startOf(query)).toEqual({ pageNo, pageSize });
  });

  it("say nothing of what is so anyway", () => {
    expect(pageQuery(1, 10)).toEqual({});
    expect(pageQuery(2, 10)).toEqual({ pageNo: "2" });
    expect(startOf(pageQuery(4, 20))).toEqual({ pageNo: 4, pageSize: 20 });
  });
});

describe("links of Nacos's console", () => {
  it("call the same thing differently", () => {
    expect(firstText({ historyDataId: "a" }, "dataId", "historyDataId")).toBe("a");
    expect(firstText({ dataId: "b", historyDataId: "a" }, "dataId", "historyDataId")).toBe("b");
    expect(firstText({ dataId: "", historyDataId: ["x"] }, "dataId", "historyDataId")).toBe("");
  });

  it("tell what the list was that they are on", () => {
    const query = { dataId: "x", searchDataId: "a*", searchGroup: "", pageSize: "20", pageNo: "2", edasAppName: "" };
    expect(listOf(query, "dev")).toEqual({
      path: "/configurationManagement",
      query: { dataId: "a*", pageSize: "20", pageNo: "2", namespace: "dev" },
    });
    expect(listOf({}, "")).toEqual({ path: "/configurationManagement", query: { namespace: "" } });
  });
});
