import { beforeEach, describe, expect, it, vi } from "vitest";

beforeEach(() => {
  localStorage.clear();
  vi.resetModules();
});

const load = async () => (await import("@/preferences")).nameDisplay;

describe("how namespaces are shown", () => {
  it("is a list until something else is chosen", async () => {
    expect((await load()).value).toBe("select");
  });

  it("is kept, and read when the page opens again", async () => {
    (await load()).value = "label";
    vi.resetModules();
    expect((await load()).value).toBe("label");
  });

  it("falls back where another program left something else", async () => {
    localStorage.setItem("nacos.nameDisplay", "?");
    expect((await load()).value).toBe("select");
  });
});
