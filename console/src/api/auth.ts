/** Logging in, and who one is. Users, roles and permissions are in users.ts. */
import { request, rest } from "./client";

export interface Login {
  accessToken: string;
  tokenTtl: number;
  globalAdmin: boolean;
  username: string;
}

export interface Permission {
  resource: string;
  action: string;
}

export interface Me {
  username: string;
  globalAdmin: boolean;
  permissions: Permission[];
  defaultPassword: boolean;
}

export const logIn = (username: string, password: string) =>
  request<Login>("POST", "v1/auth/users/login", { form: { username, password }, quiet: true });

/** An OpenID Connect provider where users may log in as well. */
export interface Provider {
  enabled: boolean;
  label: string;
}

/** How the names of its users begin. */
export const PROVIDER_PREFIX = "OIDC_";

export const provider = () => request<Provider>("GET", "v1/auth/oidc/config", { quiet: true });

/** The login of somebody who has just come back from the provider: a cookie says who that is, for this request alone. */
export const takeOver = () => request<Login>("POST", "v1/auth/oidc/session", { quiet: true, credentials: "same-origin" });

export const me = () => request<Me>("GET", "v1/auth/me", { quiet: true });

export interface FirstAdmin {
  username?: string;
  password?: string;
  code?: number;
  data?: string;
}

/** Works once, while there is no administrator. */
export const createFirstAdmin = (password: string) =>
  request<FirstAdmin>("POST", "v1/auth/users/admin", { form: { password }, quiet: true });

export const changePassword = (username: string, newPassword: string) =>
  rest<string | null>("PUT", "v1/auth/users", { form: { username, newPassword } });
