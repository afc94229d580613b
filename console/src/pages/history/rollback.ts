/** What rolling back to a version does. */
import { deleteConfig, NOTHING, publish, type Config, type ConfigKey } from "@/api/config";
import { operation, type Version } from "@/api/history";
import { publishOf, typeOf } from "@/pages/config/logic";

/** The content that is there afterwards; null if the config is gone: before it was created there was none. */
export function contentAfter(version: Version): string | null {
  return operation(version) === "I" ? null : (version.content ?? "");
}

/** @throws ApiError, for one that `isConflict` if the config has been changed since it was looked at. */
export async function rollBack(key: ConfigKey, version: Version, current: Config | null): Promise<void> {
  const content = contentAfter(version);
  if (content === null) {
    await deleteConfig(key);
  } else if (current) {
    await publish(publishOf(current, content), { casMd5: current.md5 ?? undefined }, true);
  } else {
    const type = typeOf(key.dataId) ?? "text";
    await publish({ ...key, content, type, appName: version.appName ?? "" }, { casMd5: NOTHING }, true);
  }
}
