/** Keeping a page up to date: asks again and again while the tab is looked at, less often while that fails. */
import { onBeforeUnmount, onMounted, ref, type Ref } from "vue";
import { ApiError } from "@/api/client";
import { t } from "@/i18n";
import { translated } from "@/reasons";

export const EVERY = 1000;
/** The longest wait between two questions while they fail. */
export const SLOWEST = 15_000;

/** Milliseconds until the next question after so many failures in a row. */
export function delayAfter(failures: number, every: number): number {
  return failures === 0 ? every : Math.max(every, Math.min(SLOWEST, every * 2 ** failures));
}

/**
 * Runs a task, and again `every` milliseconds after it ended; one at a time, and none while the page is hidden. What the
 * task fails with goes to `failed`, which is called with undefined after a success.
 */
export class Poller {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running: Promise<void> | undefined;
  private active = false;
  private failures = 0;

  constructor(
    private readonly task: () => Promise<unknown>,
    private readonly failed: (error: unknown) => void,
    private readonly every = EVERY,
    private readonly page: Document = document,
  ) {}

  start(): void {
    this.active = true;
    this.page.addEventListener("visibilitychange", this.seen);
    if (!this.page.hidden) void this.now();
  }

  stop(): void {
    this.active = false;
    clearTimeout(this.timer);
    this.page.removeEventListener("visibilitychange", this.seen);
  }

  /** Run the task now; after the run that is under way, if there is one. */
  async now(): Promise<void> {
    clearTimeout(this.timer);
    while (this.running) await this.running;
    if (!this.active) return;
    this.running = this.run();
    await this.running;
  }

  private readonly seen = (): void => {
    clearTimeout(this.timer);
    if (!this.page.hidden && !this.running) void this.now();
  };

  private async run(): Promise<void> {
    try {
      await this.task();
      this.failures = 0;
      if (this.active) this.failed(undefined);
    } catch (error) {
      this.failures += 1;
      if (this.active) this.failed(error);
    }
    this.running = undefined;
    clearTimeout(this.timer);
    if (this.active && !this.page.hidden) this.timer = setTimeout(() => void this.now(), delayAfter(this.failures, this.every));
  }
}

/** Why something could not be had, in words. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.status === 0) return t("common.unreachable");
  const reason = translated(error.message) || t("common.failed", { status: error.status });
  return error.status === 403 ? t("common.forbidden", { reason }) : reason;
}

export interface Live {
  /** Why what is shown may be old; "" while all is well. */
  trouble: Ref<string>;
  /** When the last success was, in epoch milliseconds; 0 for none. */
  since: Ref<number>;
  /** Ask at once. */
  now: () => Promise<void>;
}

/** Run `task` again and again while the component is there. Its requests should be quiet. */
export function useLive(task: () => Promise<unknown>, every = EVERY): Live {
  const trouble = ref("");
  const since = ref(0);
  const poller = new Poller(
    task,
    (error) => {
      trouble.value = error === undefined ? "" : reasonOf(error);
      if (error === undefined) since.value = Date.now();
      else if (!(error instanceof ApiError)) console.error(error);
    },
    every,
  );
  onMounted(() => poller.start());
  onBeforeUnmount(() => poller.stop());
  return { trouble, since, now: () => poller.now() };
}

/** The new rows, with the old row in the place of each that is equal to it: what did not change is not drawn again. */
export function keepEqual<Row>(old: readonly Row[], fresh: Row[], key: (row: Row) => string): Row[] {
  const known = new Map(old.map((row) => [key(row), row]));
  return fresh.map((row) => {
    const before = known.get(key(row));
    return before !== undefined && JSON.stringify(before) === JSON.stringify(row) ? before : row;
  });
}
