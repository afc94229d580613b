/** Rules that say by labels who gets a version of a config, as the node reads them; and what is being typed of one. */
import { computed, ref } from "vue";
import { NOTHING, type ConfigKey } from "@/api/config";
import { ApiError } from "@/api/client";
import { endLabelCopy, labelCopies, publishLabelCopy, type LabelCopy } from "@/api/gray";
import { showError } from "@/notify";
import { isConflict, nameProblem } from "./logic";

const LONGEST_RULE = 4096;
const LONGEST_NAME = 50;
export const [LOWEST, HIGHEST] = [-(2 ** 31), 2 ** 31 - 1];
const BLANK = "[ \\t\\n\\v\\f\\r]*";
const WORD = "[a-zA-Z0-9_:.\\-]+";
const CONDITION = new RegExp(`^${BLANK}(${WORD})${BLANK}=${BLANK}${WORD}(?:${BLANK},${BLANK}${WORD})*${BLANK}$`);

/** Message key of what is wrong with a rule; "" if nothing. */
export function ruleProblem(rule: string): string {
  if (rule.trim() === "") return "common.required";
  if (rule.length > LONGEST_RULE) return "config.longName";
  for (const group of rule.split("||")) {
    const labels = group.split("&&").map((condition) => CONDITION.exec(condition)?.[1]);
    if (labels.includes(undefined)) return "config.labels.badRule";
    if (new Set(labels).size < labels.length) return "config.labels.twice";
  }
  return "";
}

/** Message key of what is wrong with the name of a new one; "" if nothing. "beta" and "tag_…" are other kinds' names. */
export function copyNameProblem(name: string, others: LabelCopy[]): string {
  const found = nameProblem(name, LONGEST_NAME);
  if (found) return found;
  if (name === "beta" || name.startsWith("tag_")) return "config.labels.otherKind";
  return others.some((one) => one.name === name) ? "config.labels.taken" : "";
}

/** One that is being typed. */
export interface LabelForm {
  name: string;
  rule: string;
  priority: number;
  content: string;
  /** What it takes the place of; null: it is to be new. */
  over: LabelCopy | null;
}

function same(one: LabelCopy | null, other: LabelCopy | null): boolean {
  return one?.md5 === other?.md5 && one?.rule === other?.rule && one?.priority === other?.priority;
}

export function useLabelCopies(key: ConfigKey) {
  const copies = ref<LabelCopy[]>([]);
  const form = ref<LabelForm | null>(null);
  /** What somebody else has published since the form was opened; null: removed. */
  const theirs = ref<LabelCopy | null>(null);
  /** The content that a new one began with. */
  const start = ref("");

  const problems = computed(() => ({
    name: !form.value || form.value.over ? "" : copyNameProblem(form.value.name, copies.value),
    rule: form.value ? ruleProblem(form.value.rule) : "",
  }));
  const sound = computed(() => !problems.value.name && !problems.value.rule && !!form.value?.content.trim());
  const dirty = computed(() => {
    const typed = form.value;
    if (!typed) return false;
    const { over } = typed;
    if (!over) return !!typed.name || !!typed.rule || typed.content !== start.value;
    return typed.content !== over.content || typed.rule !== over.rule || typed.priority !== over.priority;
  });

  async function load(): Promise<void> {
    copies.value = key.dataId ? await labelCopies(key) : []; // an address may name no config
  }

  /** Begin a new one. */
  function add(content: string): void {
    start.value = content;
    form.value = { name: "", rule: "", priority: 0, content, over: null };
  }

  function edit(copy: LabelCopy): void {
    form.value = { name: copy.name, rule: copy.rule, priority: copy.priority, content: copy.content, over: copy };
  }

  /**
   * Publish what is typed.
   * @param over what may be replaced, null if there must be nothing; without it, what the form was opened with.
   * @return false if there is something else by now: `theirs`.
   */
  async function publish(over?: LabelCopy | null): Promise<boolean> {
    const typed = form.value!;
    const expected = over === undefined ? typed.over : over;
    const there = async () => (await labelCopies(key)).find((one) => one.name === typed.name) ?? null;
    const found = await there();
    if (!same(found, expected)) {
      theirs.value = found;
      return false;
    }
    try {
      await publishLabelCopy(key, typed, expected?.md5 ?? NOTHING);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!isConflict(error)) {
        showError(error);
        throw error;
      }
      theirs.value = await there();
      return false;
    }
    form.value = null;
    await load();
    return true;
  }

  async function end(copy: LabelCopy): Promise<void> {
    await endLabelCopy(key, copy.name);
    await load();
  }

  return { copies, form, theirs, problems, sound, dirty, load, add, edit, publish, end };
}

export type LabelCopies = ReturnType<typeof useLabelCopies>;
