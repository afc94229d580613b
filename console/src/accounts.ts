/** What the node takes as the name of a user or a role, and as a password. */

const LONGEST_NAME = 50;
/** In bytes of UTF-8: bcrypt reads no more. */
const LONGEST_PASSWORD = 72;
const CONTROL = /[\u0000-\u001f\u007f]/;

/** A message key for what is wrong with a name; "" for nothing. */
export function nameProblem(name: string): string {
  if (name.trim() === "") return "common.required";
  if ([...name].length > LONGEST_NAME) return "auth.nameTooLong";
  return CONTROL.test(name) ? "auth.nameControl" : "";
}

/** A message key for what is wrong with a new password; "" for nothing. */
export function passwordProblem(password: string): string {
  if (password === "") return "common.passwordNeeded";
  return new TextEncoder().encode(password).length > LONGEST_PASSWORD ? "auth.passwordTooLong" : "";
}
