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

const USERS = "v1/auth/users";
const ROLES = "v1/auth/roles";
const PERMISSIONS = "v1/auth/permissions";
const ANY = { search: "accurate" };

export const users = (pageNo: number, pageSize: number) =>
  request<Page<User>>("GET", USERS, { query: { ...ANY, pageNo, pageSize } });
export const searchUsers = (username: string) =>
  request<string[]>("GET", `${USERS}/search`, { query: { username }, quiet: true });
export const createUser = (username: string, password: string) =>
  rest<string | null>("POST", USERS, { form: { username, password } });
export const deleteUser = (username: string) => rest<string | null>("DELETE", USERS, { query: { username } });

export const roles = (pageNo: number, pageSize: number, username?: string) =>
  request<Page<Role>>("GET", ROLES, { query: { ...ANY, pageNo, pageSize, username } });
export const searchRoles = (role: string) =>
  request<string[]>("GET", `${ROLES}/search`, { query: { role }, quiet: true });
export const addRole = (role: string, username: string) =>
  rest<string | null>("POST", ROLES, { form: { role, username } });
export const removeRole = (role: string, username: string) =>
  rest<string | null>("DELETE", ROLES, { query: { role, username } });

export const permissions = (pageNo: number, pageSize: number, role?: string) =>
  request<Page<RolePermission>>("GET", PERMISSIONS, { query: { ...ANY, pageNo, pageSize, role } });
export const addPermission = (role: string, resource: string, action: string) =>
  rest<string | null>("POST", PERMISSIONS, { form: { role, resource, action } });
export const removePermission = (role: string, resource: string, action: string) =>
  rest<string | null>("DELETE", PERMISSIONS, { query: { role, resource, action } });
