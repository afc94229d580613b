/** Who uses this tab, and what the node said about itself. The token lives as long as the tab. */
import { computed, reactive, ref } from "vue";
import { me, type Login, type Permission } from "@/api/auth";
import { ApiError } from "@/api/client";
import { serverState, type ServerState } from "@/api/server";
import { dropDraft } from "@/drafts";

const TOKEN = "nacos.token";
const USER = "nacos.username";

export const token = ref(sessionStorage.getItem(TOKEN) ?? "");

export const session = reactive({
  username: sessionStorage.getItem(USER) ?? "",
  globalAdmin: false,
  permissions: [] as Permission[],
  defaultPassword: false,
  /** Whether it is known who this is (always, where logins are off). */
  known: false,
  state: { version: "" } as ServerState,
  /** Why the node's state could not be had; "" when it could. */
  trouble: "",
});

/** Whose login has ended without their logging out; "" for nobody's. */
export const expired = ref("");

export const authEnabled = computed(() => session.state.auth_enabled === "true");
export const wantsAdmin = computed(() => session.state.auth_admin_request === "true");
export const functionMode = computed(() => session.state.function_mode ?? "");

/** Ask the node what it is and, if the tab has a token, who we are. Never fails: see `session.trouble`. */
export async function start(): Promise<void> {
  try {
    session.state = await serverState();
    session.trouble = "";
  } catch (error) {
    session.trouble = error instanceof ApiError && error.message ? error.message : "unreachable";
    return;
  }
  if (!authEnabled.value || token.value) await refresh();
}

/** Ask again who we are; after a change of rights or of the password. */
export async function refresh(): Promise<void> {
  try {
    const found = await me();
    Object.assign(session, found, { known: true });
  } catch {
    if (authEnabled.value) forget();
    else Object.assign(session, { username: "", globalAdmin: true, permissions: [], known: true });
  }
}

/** Take over what a login answered. */
export async function enter(login: Login): Promise<void> {
  token.value = login.accessToken;
  sessionStorage.setItem(TOKEN, login.accessToken);
  sessionStorage.setItem(USER, login.username);
  session.username = login.username;
  session.globalAdmin = login.globalAdmin;
  session.known = true;
  dropDraft(login.username);
  await refresh();
}

/** The node no longer takes the token. */
export function expire(): void {
  const username = session.username || expired.value; // asked more than once at a time
  forget();
  expired.value = username;
}

/** Log out: the token is thrown away. */
export function forget(): void {
  expired.value = "";
  token.value = "";
  sessionStorage.removeItem(TOKEN);
  sessionStorage.removeItem(USER);
  Object.assign(session, { username: "", globalAdmin: false, permissions: [], defaultPassword: false, known: false });
}
