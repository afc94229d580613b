import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Poller, SLOWEST, delayAfter, keepEqual } from "@/live";

/** A page that can be hidden and shown. */
class Page extends EventTarget {
  hidden = false;
  show(visible: boolean): void {
    this.hidden = !visible;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

describe("Poller", () => {
  let page: Page;
  let asked: number;
  let outcome: () => Promise<void>;
  let told: unknown[];
  let poller: Poller;

  beforeEach(() => {
    vi.useFakeTimers();
    page = new Page();
    asked = 0;
    told = [];
    outcome = () => Promise.resolve();
    poller = new Poller(
      () => {
        asked += 1;
        return outcome();
      },
      (error) => told.push(error),
      1000,
      page as unknown as Document,
    );
  });
  afterEach(() => {
    poller.stop();
    vi.useRealTimers();
  });
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  it("asks at once and then every second", async () => {
    poller.start();
    expect(asked).toBe(1);
    await pass(3000);
    expect(asked).toBe(4);
    expect(told).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("asks less and less often while it fails, and as before once it works", async () => {
    outcome = () => Promise.reject(new Error("no"));
    poller.start();
    await pass(1999);
    expect(asked).toBe(1);
    await pass(1);
    expect(asked).toBe(2);
    await pass(3999);
    expect(asked).toBe(2);
    outcome = () => Promise.resolve();
    await pass(1);
    expect(asked).toBe(3);
    await pass(1000);
    expect(asked).toBe(4);
    expect(told[0]).toBeInstanceOf(Error);
    expect(told.at(-1)).toBeUndefined();
  });

  it("asks nothing while the page is hidden, and at once when it is shown again", async () => {
    poller.start();
    await pass(0);
    page.show(false);
    await pass(60_000);
    expect(asked).toBe(1);
    page.show(true);
    expect(asked).toBe(2);
    await pass(1000);
    expect(asked).toBe(3);
  });

  it("begins with a hidden page only when that is shown", async () => {
    page.hidden = true;
    poller.start();
    await pass(5000);
    expect(asked).toBe(0);
    page.show(true);
    expect(asked).toBe(1);
  });

  it("asks one question at a time", async () => {
    let answer = () => {};
    outcome = () => new Promise((resolve) => (answer = resolve));
    poller.start();
    void poller.now();
    await pass(10_000);
    expect(asked).toBe(1);
    answer();
    await pass(0);
    expect(asked).toBe(2);
  });

  it("is silent after the stop, also about what was under way", async () => {
    let answer = () => {};
    outcome = () => new Promise((resolve) => (answer = resolve));
    poller.start();
    poller.stop();
    answer();
    await pass(10_000);
    page.show(true);
    expect(asked).toBe(1);
    expect(told).toEqual([]);
  });
});

describe("delayAfter", () => {
  it("doubles up to a limit, and never gets shorter than usual", () => {
    expect([0, 1, 2, 3, 4, 50].map((n) => delayAfter(n, 1000))).toEqual([1000, 2000, 4000, 8000, SLOWEST, SLOWEST]);
    expect(delayAfter(3, 60_000)).toBe(60_000);
  });
});

describe("keepEqual", () => {
  it("keeps the rows that did not change, in the new order", () => {
    const old = [{ id: "a", n: 1 }, { id: "b", n: 2 }, { id: "c", n: 3 }];
    const kept = keepEqual(old, [{ id: "c", n: 3 }, { id: "b", n: 9 }, { id: "d", n: 4 }], (row) => row.id);
    expect(kept).toEqual([{ id: "c", n: 3 }, { id: "b", n: 9 }, { id: "d", n: 4 }]);
    expect(kept[0]).toBe(old[2]);
    expect(kept[1]).not.toBe(old[1]);
  });
});
