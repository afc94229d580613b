/** Health checkers, as the form has them: each type has only its own fields. */
import type { Checker, CheckerType } from "@/api/service";

export const CHECKERS: CheckerType[] = ["TCP", "HTTP", "MYSQL", "NONE"];

export interface CheckerForm {
  type: CheckerType;
  path: string;
  headers: string;
  user: string;
  pwd: string;
  cmd: string;
}

export function checkerForm(checker: Checker): CheckerForm {
  const { type, path, headers, user, pwd, cmd } = checker;
  return {
    type: CHECKERS.includes(type) ? type : "NONE",
    path: path ?? "",
    headers: headers ?? "",
    user: user ?? "",
    pwd: pwd ?? "",
    cmd: cmd ?? "",
  };
}

/** What the node is sent. */
export function checkerOf(form: CheckerForm, before?: Checker): Checker {
  if (form.type === "HTTP") {
    const expectedResponseCode = before?.expectedResponseCode ?? 200;
    return { type: "HTTP", path: form.path.trim(), headers: form.headers.trim(), expectedResponseCode };
  }
  if (form.type === "MYSQL") return { type: "MYSQL", user: form.user.trim(), pwd: form.pwd, cmd: form.cmd.trim() };
  return { type: form.type };
}

/** What a reader is told of it; no password. */
export function checkerWords(checker: Checker): string {
  if (checker.type === "HTTP") return `HTTP ${checker.path || "/"}`;
  if (checker.type === "MYSQL") return `MYSQL ${checker.user ? `${checker.user}: ` : ""}${checker.cmd ?? ""}`.trim();
  return checker.type;
}
