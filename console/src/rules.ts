/** Rules for Element Plus's forms out of functions that give a message key, or "" for a value that is right. */
import type { FormItemRule } from "element-plus";
import { t } from "@/i18n";

export function rule(problemOf: (value: string) => string): FormItemRule[] {
  return [
    {
      validator: (_rule, value: string, done) => {
        const problem = problemOf(value ?? "");
        done(problem === "" ? undefined : new Error(t(problem)));
      },
      trigger: "blur",
    },
  ];
}

/** For a password that is typed once more. */
export function again(values: { password: string }): FormItemRule[] {
  return rule((value) => (value === values.password ? "" : "common.passwordsDiffer"));
}
