import { beforeEach, describe, expect, it, vi } from "vitest";
import { permissions, roles, suggestRoles, suggestUsers, users } from "@/api/users";

const asked: URL[] = [];
let answer: unknown;

beforeEach(() => {
  asked.length = 0;
  vi.stubGlobal("fetch", async (address: string) => {
    asked.push(new URL(address));
    return new Response(JSON.stringify(answer));
  });
});

const query = () => Object.fromEntries(asked.at(-1)!.searchParams);

describe("questions about users, roles and permissions", () => {
  beforeEach(() => {
    answer = { totalCount: 0, pageItems: [] };
  });

  it("asks for all without a text", async () => {
    await users(2, 20);
    expect(asked[0]!.pathname).toMatch(/\/v1\/auth\/users$/);
    expect(query()).toEqual({ search: "accurate", pageNo: "2", pageSize: "20" });
  });

  it("asks for names that hold a text, and leaves stars where the user put them", async () => {
    await users(1, 10, "an");
    expect(query()).toMatchObject({ search: "blur", username: "*an*" });
    await users(1, 10, "an*");
    expect(query()).toMatchObject({ search: "blur", username: "an*" });
    await permissions(1, 10, "r");
    expect(query()).toMatchObject({ search: "blur", role: "*r*" });
  });

  it("asks for a role, a user, or both", async () => {
    await roles(1, 10, { role: "r" });
    expect(query()).toEqual({ search: "blur", role: "*r*", pageNo: "1", pageSize: "10" });
    await roles(1, 10, { username: "u" });
    expect(query()).toEqual({ search: "blur", username: "*u*", pageNo: "1", pageSize: "10" });
    await roles(1, 10, { role: "r", username: "u" });
    expect(query()).toMatchObject({ search: "blur", role: "*r*", username: "*u*" });
  });
});

describe("suggestions", () => {
  it("come from the search, which takes no empty text", async () => {
    answer = ["ann", "hannah"];
    expect(await suggestUsers("an")).toEqual(["ann", "hannah"]);
    expect(asked[0]!.pathname).toMatch(/users\/search$/);
  });

  it("come from the list where nothing is typed yet", async () => {
    answer = { pageItems: [{ username: "ann" }] };
    expect(await suggestUsers("")).toEqual(["ann"]);
    expect(asked[0]!.pathname).toMatch(/users$/);
  });

  it("name each role once, and not the administrators'", async () => {
    answer = { pageItems: [{ role: "ROLE_ADMIN" }, { role: "r" }, { role: "r" }] };
    expect(await suggestRoles("")).toEqual(["r"]);
    answer = ["ROLE_ADMIN", "ROLE_X"];
    expect(await suggestRoles("ROLE")).toEqual(["ROLE_X"]);
  });
});
