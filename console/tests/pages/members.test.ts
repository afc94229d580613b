import { describe, expect, it } from "vitest";
import { ApiError } from "@/api/client";
import { forcible, reasonOf, type GroupMember } from "@/api/members";
import { addressProblem, offered, warnings } from "@/pages/cluster/members";

function member(name: string, more: Partial<GroupMember> = {}): GroupMember {
  return { name, id: name, address: name, raftAddress: name, role: "voter", joining: false, leader: false, lag: 0, connected: true, state: "UP", version: "", ...more };
}

const [A, B, C] = [member("a:1", { leader: true }), member("b:1"), member("c:1")] as const;
const D = member("d:1", { role: "learner" });
const texts = (found: ReturnType<typeof warnings>) => found.map((one) => one.text);

describe("changes of the members", () => {
  it("are offered where they make sense", () => {
    expect(offered(D, [A, D])).toEqual(["promote", "remove"]);
    expect(offered(B, [A, B])).toEqual(["demote", "remove"]);
    expect(offered(A, [A, D])).toEqual([]); // somebody has to hold the log
  });

  it("come with warnings of what they bring", () => {
    expect(texts(warnings("remove", B, [A, B, C]))).toEqual(["noSpare", "even", "removed"]);
    expect(texts(warnings("remove", A, [A, B, C, member("e:1"), member("f:1")]))).toEqual(["even", "handsOver", "removed"]);
    expect(texts(warnings("demote", { ...B }, [A, B, C]))).toEqual(["noSpare", "even"]);
    const dead = { ...C, connected: false };
    expect(texts(warnings("remove", B, [A, B, dead]))).toEqual(["noMajority", "even", "removed"]);
    expect(texts(warnings("remove", dead, [A, B, dead]))).toEqual(["noSpare", "even", "removed"]);
    expect(texts(warnings("promote", D, [A, B, C, D]))).toEqual(["even"]);
    expect(warnings("promote", D, [A, B, C, D])[0]!.values).toEqual({ voters: 4, survives: 1 });
    expect(texts(warnings("promote", D, [A, B, D]))).toEqual([]);
    expect(texts(warnings("remove", D, [A, B, C, D]))).toEqual(["removed"]);
    expect(texts(warnings("demote", A, [A, B]))).toEqual(["handsOver"]);
  });

  it("take addresses that are no member's yet", () => {
    expect(addressProblem("10.0.0.4:8848", [A])).toBe("");
    expect(addressProblem(" [fd00::1]:8848 ", [A])).toBe("");
    for (const wrong of ["", "10.0.0.4", "x:0", "x:99999", "http://x:8848", "a b:1"]) expect(addressProblem(wrong, [A])).toBe("cluster.addressForm");
    expect(addressProblem("a:1", [A])).toBe("cluster.addressKnown");
  });

  it("tell why they were refused, and whether force would do", () => {
    const refused = (data: string, status = 409) => new ApiError(status, "resource conflict", JSON.stringify({ code: 20005, message: "resource conflict", data }));
    expect(reasonOf(refused("d is a voter already"))).toBe("d is a voter already");
    expect(reasonOf(new ApiError(502, "Bad Gateway", "<html>"))).toBe("Bad Gateway");
    expect(forcible(refused("start the others first, or force it"))).toBe(true);
    expect(forcible(refused("start the others first, or force it", 503))).toBe(false);
    expect(forcible(refused("d is a voter already"))).toBe(false);
  });
});
