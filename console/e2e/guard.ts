/** Watches all that a browser does in a test, and fails the test for what it did not ask for. */
import type { BrowserContext, ConsoleMessage, Request, Response } from "@playwright/test";

/** Requests that a test lets fail: by a part of the address, with the status (0: no answer). */
interface Allowed {
  part: string;
  status: number;
}

export class Guard {
  private readonly problems: string[] = [];
  private readonly allowed: Allowed[] = [];
  /** Bodies' bytes as they came over the wire, by address; for those that have ended. */
  readonly received = new Map<string, Promise<number>>();

  constructor(
    context: BrowserContext,
    private readonly hosts: () => string[],
  ) {
    context.on("console", (message) => this.console(message));
    context.on("weberror", (error) => this.problems.push(`uncaught: ${error.error().stack ?? error.error().message}`));
    context.on("request", (request) => this.request(request));
    context.on("response", (response) => this.response(response));
    context.on("requestfailed", (request) => this.failed(request));
    context.on("requestfinished", (request) => {
      this.received.set(request.url(), request.sizes().then((sizes) => sizes.responseBodySize + sizes.responseHeadersSize, () => 0));
    });
  }

  /** The test asks for failures: requests whose address holds `part` may end with `status`. */
  allow(part: string, status: number): void {
    this.allowed.push({ part, status });
  }

  private isAllowed(address: string, status?: number): boolean {
    return this.allowed.some((one) => address.includes(one.part) && (status === undefined || one.status === status));
  }

  private console(message: ConsoleMessage): void {
    const type = message.type();
    if (type !== "error" && type !== "warning") return;
    const { url } = message.location();
    // The browser's own line about a failed request, which is judged below.
    if (message.text().startsWith("Failed to load resource") && this.isAllowed(url)) return;
    this.problems.push(`console ${type}: ${message.text()} (${url})`);
  }

  private request(request: Request): void {
    const url = new URL(request.url());
    if (url.protocol === "blob:" || url.protocol === "data:" || url.protocol === "about:") return;
    if (!this.hosts().includes(url.host)) this.problems.push(`request to another host: ${request.url()}`);
  }

  private response(response: Response): void {
    if (response.status() < 400 || this.isAllowed(response.url(), response.status())) return;
    this.problems.push(`${response.request().method()} ${response.url()}: ${response.status()}`);
  }

  private failed(request: Request): void {
    const why = request.failure()?.errorText ?? "";
    // The page went away, or the console itself no longer wanted the answer.
    if (why === "net::ERR_ABORTED" || this.isAllowed(request.url(), 0)) return;
    this.problems.push(`${request.method()} ${request.url()}: ${why}`);
  }

  /** What happened that should not; empty for nothing. */
  report(): string[] {
    return this.problems;
  }
}
