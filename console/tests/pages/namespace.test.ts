import { describe, expect, it } from "vitest";
import { idTrouble, nameTrouble } from "@/pages/namespace/rules";

describe("id", () => {
  it("may be empty, or of letters, digits, - and _", () => {
    expect(["", "dev", "a-b_C9", "x".repeat(128)].map(idTrouble)).toEqual(["", "", "", ""]);
  });
  it("is refused for other characters, when too long, or when it means the public one", () => {
    expect(["a b", "a.b", "é", "a:b"].map(idTrouble)).toEqual(Array(4).fill("namespace.idCharacters"));
    expect(idTrouble("x".repeat(129))).toBe("namespace.tooLong");
    expect(idTrouble("public")).toBe("namespace.idTaken");
  });
});

describe("name", () => {
  it("is needed, has none of some characters, is not too long, and is nobody else's", () => {
    expect(nameTrouble("", [])).toBe("common.required");
    expect(nameTrouble("a&b", [])).toBe("namespace.nameCharacters");
    expect(nameTrouble("x".repeat(129), [])).toBe("namespace.tooLong");
    expect(nameTrouble("dev", ["public", "dev"])).toBe("namespace.nameTaken");
    expect(nameTrouble("测试 dev", ["public"])).toBe("");
  });
});
