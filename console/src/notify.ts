/** Short messages to the user, and questions. */
import { ElMessage } from "element-plus/es/components/message/index";
import { ElMessageBox } from "element-plus/es/components/message-box/index";
import "element-plus/theme-chalk/el-button.css";
import "element-plus/theme-chalk/el-input.css";
import "element-plus/theme-chalk/el-message.css";
import "element-plus/theme-chalk/el-message-box.css";
import "element-plus/theme-chalk/el-overlay.css";
import { t } from "@/i18n";
import { translated } from "@/reasons";

export function showSuccess(message: string): void {
  ElMessage({ type: "success", message, showClose: true, grouping: true });
}

export function showWarning(message: string): void {
  ElMessage({ type: "warning", message, showClose: true, grouping: true, duration: 6000 });
}

/** Tell why a request failed: in the node's words, or the reader's for those that are known. */
export function showError(error: { status: number; message: string }): void {
  const reason =
    error.status === 0 ? t("common.unreachable") : translated(error.message) || t("common.failed", { status: error.status });
  const message = error.status === 403 ? t("common.forbidden", { reason }) : reason;
  ElMessage({ type: "error", message, showClose: true, grouping: true, duration: 8000 });
}

/**
 * Give the focus to the answer that changes nothing: Enter, pressed too early, does no harm. Element Plus gives it to the
 * other one, or to the box around both.
 */
function toSafeButton({ target }: FocusEvent): void {
  if (!(target instanceof HTMLElement) || !target.matches(".el-message-box")) return;
  // Once Element Plus is done: it looks whether the box has the focus, and else gives it to the first thing in it.
  queueMicrotask(() => target.querySelector<HTMLElement>(".el-message-box__btns button")?.focus()); // "Cancel" is the first
}

/** Ask before something that cannot be undone; true for yes. */
export async function confirmed(message: string, title = t("common.confirm"), danger = true): Promise<boolean> {
  document.addEventListener("focusin", toSafeButton);
  try {
    await ElMessageBox.confirm(message, title, {
      type: "warning",
      confirmButtonText: t("common.ok"),
      cancelButtonText: t("common.cancel"),
      confirmButtonClass: danger ? "el-button--danger" : "",
      autofocus: false,
      closeOnHashChange: false, // the address has changed already when a page asks whether it may be left
    });
    return true;
  } catch {
    return false;
  } finally {
    document.removeEventListener("focusin", toSafeButton);
  }
}

/** Delete something after a question, and say so; false where the user said no. */
export async function deleted(question: string, task: () => Promise<unknown>): Promise<boolean> {
  if (!(await confirmed(question))) return false;
  await task();
  showSuccess(t("common.deleted"));
  return true;
}
