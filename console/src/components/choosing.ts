/** Boxes above a column of boxes, of which some are ticked: Element Plus tells that of the label, which has no state. */
import { onBeforeUnmount, onMounted, type Ref } from "vue";

function tell(host: HTMLElement): void {
  for (const label of host.querySelectorAll("thead .el-checkbox")) {
    label.removeAttribute("aria-checked");
    const box = label.querySelector<HTMLInputElement>("input");
    if (box) box.indeterminate = label.querySelector(".is-indeterminate") !== null;
  }
}

/** For the tables within an element. */
export function useChoosing(host: Readonly<Ref<HTMLElement | null>>): void {
  let changed: MutationObserver | undefined;
  onMounted(() => {
    changed = new MutationObserver(() => tell(host.value!));
    changed.observe(host.value!, { subtree: true, attributes: true, attributeFilter: ["aria-checked", "class"] });
  });
  onBeforeUnmount(() => changed?.disconnect());
}
