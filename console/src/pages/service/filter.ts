/** The filter above a cluster's instances: words that must all match. */
import type { Instance } from "@/api/service";

export interface Filter {
  /** Parts of ip:port. */
  addresses: string[];
  /** Metadata: the key, and its value ("" for any). */
  metadata: { key: string; value: string }[];
}

/** `key=value` looks at the metadata (`key=` asks for the key alone), any other word at the address. */
export function parseFilter(text: string): Filter {
  const found: Filter = { addresses: [], metadata: [] };
  for (const word of text.split(/[\s,]+/).filter(Boolean)) {
    const at = word.indexOf("=");
    if (at > 0) found.metadata.push({ key: word.slice(0, at), value: word.slice(at + 1) });
    else found.addresses.push(word);
  }
  return found;
}

export function isEmpty(filter: Filter): boolean {
  return filter.addresses.length === 0 && filter.metadata.length === 0;
}

export function passes(instance: Instance, filter: Filter): boolean {
  const address = `${instance.ip}:${instance.port}`;
  return (
    filter.addresses.every((part) => address.includes(part)) &&
    filter.metadata.every(({ key, value }) => key in instance.metadata && (value === "" || instance.metadata[key] === value))
  );
}

/** One page of those that pass. */
export function filteredPage(all: Instance[], filter: Filter, pageNo: number, pageSize: number) {
  const found = all.filter((instance) => passes(instance, filter));
  return { total: found.length, items: found.slice((pageNo - 1) * pageSize, pageNo * pageSize) };
}
