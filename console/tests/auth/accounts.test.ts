import { describe, expect, it } from "vitest";
import { nameProblem, passwordProblem } from "@/accounts";

describe("names and passwords", () => {
  it.each([
    ["", "common.required"],
    ["  ", "common.required"],
    ["ann", ""],
    ["安娜", ""],
    ["😀".repeat(50), ""],
    ["a".repeat(51), "auth.nameTooLong"],
    ["a\u0007", "auth.nameControl"],
  ])("name %j: %j", (name, problem) => {
    expect(nameProblem(name)).toBe(problem);
  });

  it.each([
    ["", "common.passwordNeeded"],
    [" ", ""],
    ["a".repeat(72), ""],
    ["a".repeat(73), "auth.passwordTooLong"],
    ["密".repeat(24), ""],
    ["密".repeat(25), "auth.passwordTooLong"],
  ])("password %j: %j", (password, problem) => {
    expect(passwordProblem(password)).toBe(problem);
  });
});
