/** Users, roles and permissions; administrators only. */
import { request, rest, type Page } from "./client";

export interface User {
  username: string;
  password: string;
}

export interface Role {
  role: string;
  username: string;
}

export interface RolePermission {
  role: string;
  resource: string;
  action: string;
}

/** The role that may do everything; the node gives it to nobody but the first administrator. */
export const ADMIN = "ROLE_ADMIN";
const USERS = "v1/auth/users";
const ROLES = "v1/auth/roles";
const PERMISSIONS = "v1/auth/permissions";

/** What a list is asked for: all, or the names that hold a text (`*` in it is any text). */
const holding = (field: string, text = "") =>
  text ? { search: "blur", [field]: text.includes("*") ? text : `*${text}*` } : { search: "accurate" };

export const users = (pageNo: number, pageSize: number, username?: string) =>
  request<Page<User>>("GET", USERS, { query: { ...holding("username", username), pageNo, pageSize } });
/** Who is an administrator. */
export const administrators = async () =>
  (await request<Page<Role>>("GET", ROLES, { query: { search: "accurate", role: ADMIN, pageNo: 1, pageSize: 500 } }))
    .pageItems.map((one) => one.username);
export const searchUsers = (username: string) =>
  request<string[]>("GET", `${USERS}/search`, { query: { username }, quiet: true });
export const createUser = (username: string, password: string) =>
  rest<string | null>("POST", USERS, { form: { username, password } });
export const deleteUser = (username: string) => rest<string | null>("DELETE", USERS, { query: { username } });

export const roles = (pageNo: number, pageSize: number, asked: { username?: string; role?: string } = {}) => {
  const query = { ...holding("username", asked.username), pageNo, pageSize };
  return request<Page<Role>>("GET", ROLES, { query: asked.role ? { ...query, ...holding("role", asked.role) } : query });
};
export const searchRoles = (role: string) =>
  request<string[]>("GET", `${ROLES}/search`, { query: { role }, quiet: true });
export const addRole = (role: string, username: string) =>
  rest<string | null>("POST", ROLES, { form: { role, username } });
export const removeRole = (role: string, username: string) =>
  rest<string | null>("DELETE", ROLES, { query: { role, username } });

export const permissions = (pageNo: number, pageSize: number, role?: string) =>
  request<Page<RolePermission>>("GET", PERMISSIONS, { query: { ...holding("role", role), pageNo, pageSize } });
export const addPermission = (role: string, resource: string, action: string) =>
  rest<string | null>("POST", PERMISSIONS, { form: { role, resource, action } });
export const removePermission = (role: string, resource: string, action: string) =>
  rest<string | null>("DELETE", PERMISSIONS, { query: { role, resource, action } });

const SUGGESTED = 20;

/** User names to choose from: those that hold the text, or the first ones. */
export const suggestUsers = async (text: string) =>
  (text ? await searchUsers(text) : (await users(1, SUGGESTED)).pageItems.map((one) => one.username)).slice(0, SUGGESTED);

/** Roles to choose from, likewise; the administrator's, which needs no permissions and is not given, is left out. */
export async function suggestRoles(text: string): Promise<string[]> {
  const found = text ? await searchRoles(text) : (await roles(1, 5 * SUGGESTED)).pageItems.map((one) => one.role);
  return [...new Set(found)].filter((role) => role !== ADMIN).slice(0, SUGGESTED);
}
