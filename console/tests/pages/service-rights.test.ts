import { beforeEach, describe, expect, it } from "vitest";
import { mayCreate, mayList, mayRead, mayWrite } from "@/pages/service/rights";
import { session } from "@/session";

function allowed(...pairs: [resource: string, action: string][]): void {
  session.permissions = pairs.map(([resource, action]) => ({ resource, action }));
}
const key = (namespaceId: string, groupName: string, serviceName: string) => ({ namespaceId, groupName, serviceName });

describe("rights to services", () => {
  beforeEach(() => {
    session.globalAdmin = false;
    allowed();
  });

  it("are none without a permission, and all for an administrator", () => {
    expect([mayList(""), mayCreate(""), mayWrite(key("", "g", "s"))]).toEqual([false, false, false]);
    session.globalAdmin = true;
    expect([mayList(""), mayCreate("dev"), mayWrite(key("", "g", "s"))]).toEqual([true, true, true]);
  });

  it("of one service are not those of the list", () => {
    allowed([":g:naming/s", "rw"]);
    expect([mayRead(key("", "g", "s")), mayWrite(key("", "g", "s"))]).toEqual([true, true]);
    expect([mayRead(key("", "g", "t")), mayList("")]).toEqual([false, false]);
  });

  it("offer creating where there is something to write in the namespace", () => {
    allowed(["dev:g:naming/mine*", "w"], [":*:naming/*", "r"], ["other:*:config/*", "rw"]);
    expect([mayCreate("dev"), mayCreate(""), mayCreate("other")]).toEqual([true, false, false]);
    allowed(["public:*:*", "rw"]);
    expect([mayCreate(""), mayCreate("dev")]).toEqual([true, false]);
  });
});
