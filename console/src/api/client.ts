/** Requests to the node that serves this page. Every module in this folder goes through `request`. */
import { token } from "@/session";
import { showError } from "@/notify";

export type Query = Record<string, string | number | boolean | undefined | null>;

export interface Options {
  query?: Query;
  /** Sent as a form (POST, PUT). */
  form?: Query;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is (a FormData, say). */
  body?: BodyInit;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Whether cookies go with it; none do otherwise. */
  credentials?: "same-origin";
  /** Do not tell the user about a failure; the caller does. */
  quiet?: boolean;
}

/** An answer that is no success, or none at all (status 0). `message` is fit to be shown. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly body = "",
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** Nacos's texts for "log in (again)"; any other 403 means "you may not". */
const LOGIN_NEEDED = ["unknown user!", "user not found!", "token invalid!", "token expired!", "session expired!"];

let loginNeeded: () => void = () => undefined;

/** What to do when the node no longer knows the user. */
export function onLoginNeeded(action: () => void): void {
  loginNeeded = action;
}

/** The address of an API path ("v1/cs/configs") beneath the folder that this page came from. */
export function address(path: string, query: Query = {}): string {
  const url = new URL(path, document.baseURI.replace(/[?#].*$/, ""));
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) url.searchParams.set(name, String(value));
  }
  return url.href;
}

/** The plain text of an error answer: JSON's `message` (v3's `data`), or the text without Spring's "caused: …;". */
export function messageOf(body: string): string {
  const text = body.trim();
  if (text.startsWith("{")) {
    try {
      const found = JSON.parse(text) as { code?: unknown; message?: unknown; data?: unknown };
      // v3 has a general text in `message`, and what it is about in `data`.
      const told = typeof found.code === "number" && typeof found.data === "string" && found.data;
      return String(told || (found.message ?? found.data ?? text));
    } catch {
      return text;
    }
  }
  return text
    .split(/;?\s*caused: /)
    .filter(Boolean)
    .map((part) => part.replace(/;$/, ""))
    .join(": ");
}

function encode(form: Query): URLSearchParams {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(form)) {
    if (value !== undefined && value !== null) found.set(name, String(value));
  }
  return found;
}

async function send(method: string, path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json, text/plain;q=0.9, */*;q=0.8", ...options.headers };
  if (token.value) headers.Authorization = `Bearer ${token.value}`;
  let body = options.body;
  if (options.form) body = encode(options.form);
  if (options.json !== undefined) {
    body = JSON.stringify(options.json);
    headers["Content-Type"] = "application/json";
  }
  return fetch(address(path, options.query), {
    method,
    headers,
    body,
    signal: options.signal,
    credentials: options.credentials ?? "omit",
    cache: "no-store",
  });
}

function fail(error: ApiError, quiet = false): never {
  if (!quiet) showError(error);
  throw error;
}

/** An answer with a status of success. @throws ApiError */
export async function response(method: string, path: string, options: Options = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await send(method, path, options);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    return fail(new ApiError(0, "", ""), options.quiet);
  }
  if (answer.ok) return answer;
  const body = await answer.text();
  const message = messageOf(body);
  if ((answer.status === 401 || answer.status === 403) && LOGIN_NEEDED.some((text) => message.includes(text))) {
    if (!path.endsWith("/login") && !path.endsWith("/session")) {
      loginNeeded();
      throw new ApiError(answer.status, message, body);
    }
  }
  return fail(new ApiError(answer.status, message, body), options.quiet);
}

/** The text of an answer. @throws ApiError */
export async function text(method: string, path: string, options: Options = {}): Promise<string> {
  return (await response(method, path, options)).text();
}

/** The JSON of an answer; null for an empty one (a Nacos null). @throws ApiError */
export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const body = await text(method, path, options);
  if (body === "") return null as T;
  try {
    return JSON.parse(body) as T;
  } catch {
    return fail(new ApiError(200, body, body), options.quiet);
  }
}

export interface Rest<T> {
  code: number;
  message: string | null;
  data: T;
}

/** The `data` of a {code, message, data} answer; another code than 200 or 0 is a failure. @throws ApiError */
export async function rest<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const found = await request<Rest<T>>(method, path, options);
  if (found.code !== 200 && found.code !== 0) {
    fail(new ApiError(found.code, messageOf(JSON.stringify(found))), options.quiet);
  }
  return found.data;
}

export interface Page<T> {
  totalCount: number;
  pageNumber: number;
  pagesAvailable: number;
  pageItems: T[];
}

/** Save what an address answers as a file, with the token in a header rather than in the address. */
export async function download(path: string, query: Query, fallback: string): Promise<void> {
  const answer = await response("GET", path, { query });
  const named = /filename="?([^";]+)/.exec(answer.headers.get("Content-Disposition") ?? "");
  saveAs(await answer.blob(), named?.[1] ?? fallback);
}

/** Hand bytes to the browser's downloads. */
export function saveAs(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
