/** What the user may do with what the AI registries hold. */
import { may, mayMake } from "@/rights";

const GROUP = "DEFAULT_GROUP";

/** Whether lists of a namespace may be read. */
export const mayList = (namespace: string) => may(namespace, "r", GROUP, "*", "ai");
export const mayRead = (namespace: string, name: string) => may(namespace, "r", GROUP, name, "ai");
export const mayWrite = (namespace: string, name: string) => may(namespace, "w", GROUP, name, "ai");
/** Whether there is any name that the user may write, so that publishing is worth offering. */
export const mayCreate = (namespace: string) => mayMake(namespace, "ai");
/** Whether names may be written that are not known yet (an import's). */
export const mayWriteAll = (namespace: string) => mayWrite(namespace, "*");
