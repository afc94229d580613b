/** Pages of a list in an address: `pageNo` and `pageSize`, as in Nacos's. */
const DEFAULT_SIZE = 10;
const LARGEST = 500;

function numberOf(value: unknown, otherwise: number, largest: number): number {
  const found = typeof value === "string" && /^[1-9]\d{0,8}$/.test(value) ? Number(value) : otherwise;
  return Math.min(found, largest);
}

/** Where a list begins: what the address asks for. */
export function startOf(query: Record<string, unknown>): { pageNo: number; pageSize: number } {
  return { pageNo: numberOf(query.pageNo, 1, Infinity), pageSize: numberOf(query.pageSize, DEFAULT_SIZE, LARGEST) };
}

/** What an address says of a page; nothing of what is so anyway. */
export function pageQuery(pageNo: number, pageSize: number): { pageNo?: string; pageSize?: string } {
  return { pageNo: pageNo === 1 ? undefined : String(pageNo), pageSize: pageSize === DEFAULT_SIZE ? undefined : String(pageSize) };
}
