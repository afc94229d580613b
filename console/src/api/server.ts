/** What a node tells without a login. */
import { request } from "./client";

export interface ServerState {
  version: string;
  standalone_mode?: string;
  startup_mode?: string;
  function_mode?: string | null;
  auth_enabled?: string;
  auth_admin_request?: string;
  server_port?: string;
}

export const serverState = () => request<ServerState>("GET", "v1/console/server/state", { quiet: true });
