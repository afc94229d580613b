import { beforeEach, describe, expect, it, vi } from "vitest";
import { dropDraft, keepDraft, takeDraft } from "@/drafts";
import { expire, expired, forget, session } from "@/session";

beforeEach(() => sessionStorage.clear());

describe("drafts", () => {
  it("are had once, by the page that they are of", () => {
    keepDraft("ann", "/a?x=1", { content: "text" });
    expect(takeDraft("/a?x=1")).toEqual({ content: "text" });
    expect(takeDraft("/a?x=1")).toBeUndefined();
    keepDraft("ann", "/a", 1);
    expect(takeDraft("/b")).toBeUndefined();
    expect(takeDraft("/a")).toBeUndefined();
  });

  it("are nobody else's", () => {
    keepDraft("ann", "/a", 1);
    dropDraft("ann");
    dropDraft("bob");
    expect(takeDraft("/a")).toBeUndefined();
    keepDraft("ann", "/a", 2);
    dropDraft("ann");
    expect(takeDraft("/a")).toBe(2);
  });

  it("are none where there is no room", () => {
    keepDraft("ann", "/a", "old");
    vi.spyOn(Storage.prototype, "setItem").mockImplementationOnce(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    keepDraft("ann", "/a", "new");
    expect(takeDraft("/a")).toBeUndefined();
  });
});

describe("a login that ends", () => {
  it("tells whose it was, however often that is noticed, unless they have logged out", () => {
    session.username = "ann";
    expire();
    expire();
    expect([expired.value, session.username]).toEqual(["ann", ""]);
    forget();
    expect(expired.value).toBe("");
  });
});
