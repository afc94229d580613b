/** What somebody has changed of an instance in the form. */
import type { Metadata } from "@/api/service";

export interface ChangedKeys {
  /** Keys that are new or have another value. */
  put: Metadata;
  /** Keys that are there no more, with the values that they had. */
  removed: Metadata;
}

/** Only what differs: an instance's other keys may be its client's, which goes on changing them. */
export function changedKeys(before: Metadata, after: Metadata): ChangedKeys {
  const differs = (one: Metadata, other: Metadata) => Object.entries(one).filter(([key, value]) => other[key] !== value);
  return {
    put: Object.fromEntries(differs(after, before)),
    removed: Object.fromEntries(Object.entries(before).filter(([key]) => !(key in after))),
  };
}
