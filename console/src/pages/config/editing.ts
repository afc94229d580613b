/** A config that is being edited, its gray copy, and publishing them without overwriting anybody's change unseen. */
import { computed, reactive, ref } from "vue";
import {
  beta as fetchBeta,
  config as fetchConfig,
  publish,
  stopBeta,
  type Beta,
  type Config,
  type ConfigKey,
  type Publish,
} from "@/api/config";
import { ApiError } from "@/api/client";
import { showError } from "@/notify";
import type { Fields } from "./ConfigFields.vue";
import { isConflict, knownType, publishOf, tagList, tagsProblem } from "./logic";

/** What the user has typed, and over what. */
export interface Typed {
  content: string;
  fields: Fields;
  /** The md5 of what was loaded. */
  over: string | null;
}

export function useEditing(key: ConfigKey) {
  const current = ref<Config | null>(null);
  const gray = ref<Beta | null>(null);
  const loaded = ref(false);
  const content = ref("");
  const fields = reactive<Fields>({ type: "text", desc: "", appName: "", tags: [] });
  const theirs = ref<Config | Beta | null>(null);

  const dirty = computed(() => {
    const stored = current.value;
    if (!stored) return false;
    return (
      content.value !== stored.content ||
      fields.type !== knownType(stored.type) ||
      fields.desc !== (stored.desc ?? "") ||
      fields.appName !== (stored.appName ?? "") ||
      fields.tags.join(",") !== tagList(stored.configTags).join(",")
    );
  });
  const sound = computed(() => content.value.trim() !== "" && !tagsProblem(fields.tags));

  function take(found: Config | null): void {
    current.value = found;
    if (!found) return;
    content.value = found.content;
    Object.assign(fields, {
      type: knownType(found.type),
      desc: found.desc ?? "",
      appName: found.appName ?? "",
      tags: tagList(found.configTags),
    });
  }

  function typed(): Typed {
    return { content: content.value, fields: { ...fields }, over: current.value?.md5 ?? null };
  }

  /** Put back what was typed. It is published over what it was typed over, not over what is there now. */
  function retype(wanted: Typed): void {
    content.value = wanted.content;
    Object.assign(fields, wanted.fields);
    if (current.value) current.value = { ...current.value, md5: wanted.over };
  }

  async function load(): Promise<void> {
    const [found, copy] = await Promise.all([fetchConfig(key), fetchBeta(key)]);
    take(found);
    gray.value = copy;
    loaded.value = true;
  }

  function values(text: string) {
    const { type, desc, appName, tags } = fields;
    const kept = current.value ? publishOf(current.value, text) : { ...key, content: text };
    return { ...kept, ...key, type, desc, appName, config_tags: tags.join(",") };
  }

  /** @return false if somebody else has changed what was to be replaced. */
  async function send(wanted: Publish, headers: { casMd5?: string; betaIps?: string }): Promise<boolean> {
    try {
      await publish(wanted, headers, true);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (isConflict(error)) return false;
      showError(error);
      throw error;
    }
  }

  /**
   * Publish to everybody.
   * @param over the md5 that may be replaced, `NOTHING` if there must be nothing; without it, what was loaded.
   * @return false if somebody else has published since: `theirs` is what they wrote, null if they deleted it.
   */
  async function publishAll(text: string, over?: string): Promise<boolean> {
    // The node does not compare with a config that is gone.
    const gone = over === undefined && (await fetchConfig(key)) === null;
    const done = !gone && (await send(values(text), { casMd5: over ?? current.value?.md5 ?? undefined }));
    const found = await fetchConfig(key);
    if (done) take(found);
    else theirs.value = found;
    return done;
  }

  /** Publish a copy for some addresses; as `publishAll`, against the stored copy. */
  async function publishGray(text: string, ips: string[], over?: string): Promise<boolean> {
    const betaIps = ips.join(",");
    const done = await send(values(text), { betaIps, casMd5: over ?? gray.value?.md5 ?? undefined });
    const found = await fetchBeta(key);
    if (done) gray.value = found;
    else theirs.value = found;
    return done;
  }

  async function endGray(): Promise<void> {
    await stopBeta(key);
    gray.value = null;
  }

  return { current, gray, loaded, content, fields, theirs, dirty, sound, load, take, typed, retype, publishAll, publishGray, endGray };
}
