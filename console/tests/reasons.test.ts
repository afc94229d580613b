import { afterAll, describe, expect, it } from "vitest";
import { i18n, loadLanguage } from "@/i18n";
import { REASONS, translated } from "@/reasons";

/** What nodes say, as they say it; tests/console/test_reasons.py looks that none is forgotten. */
const SAID: [string, string][] = [
  ["no leader: 1 of 3 nodes are connected", "There is no leader: 1 of 3 nodes are connected"],
  ["1 log entries behind the leader", "It is 1 entry of the log behind the leader"],
  ["1999 log entries behind the leader", "It is 1999 entries of the log behind the leader"],
  ["the log is not applied yet since the start, or since there was no leader", "It has not caught up since its start, or since there was no leader"],
  ["the configs cannot be read: database db1:3306: the database cannot be used: access denied: check db.user and db.password",
    "The configurations cannot be read: database db1:3306: the database cannot be used: access denied: check db.user and db.password"],
  ["DOWN:master db (db1:3306) down. no connection to the database: Connection refused",
    "The database db1:3306 cannot be written to: no connection to the database: connection refused."],
  ["WARN:slave db (db2:3306) down. ", "The database db2:3306 is away; another one serves."],
  ["no leader; the write may be applied later", "There is no leader; the write may be applied later"],
  ["user 'ann' already exist!", "There is a user ann already"],
  ["user ann not exist!", "There is no user ann"],
  ["too long tag, over 64", "Too long (tag): the limit is 64"],
  ["Param 'Metadata' is illegal, the param length should not exceed 65536.", "The metadata are longer than 65536 characters"],
  ["Param 'dataId' is illegal, the param length should not exceed 255.", "Too long (dataId): the limit is 255"],
  ["the Raft log cannot be written: cannot write the log in /data: No space left on device", "Its log cannot be written: the disk is full"],
];

describe("what a node says", () => {
  afterAll(() => loadLanguage("en-US"));

  it("is told in English as English is", async () => {
    await loadLanguage("en-US");
    for (const [text, wanted] of SAID) expect(translated(text)).toBe(wanted);
  });

  it("is told in Chinese to those who read Chinese, with all that it names", async () => {
    await loadLanguage("zh-CN");
    for (const [text] of SAID) expect(translated(text), text).toMatch(/[\u4e00-\u9fff]/);
    expect(translated("DOWN:master db (db1:3306) down. the database does not answer")).toBe("数据库 db1:3306 无法写入：数据库没有应答。");
    expect(translated("no leader; the write may be applied later")).toBe("没有领导者；写入之后仍可能生效");
    expect(translated("user 'ann' already exist!")).toBe("用户 ann 已存在");
  });

  it("is shown as it is where it is not known, signs of messages too", async () => {
    await loadLanguage("zh-CN");
    for (const text of ["members keep configs in {different} places | @odd", ""]) expect(translated(text)).toBe(text);
    expect(translated("invalid dataId : a|{b}@:c")).toBe("不允许的 Data ID：a|{b}@:c");
  });

  it("has its words in both languages", async () => {
    for (const language of ["en-US", "zh-CN"] as const) {
      await loadLanguage(language);
      for (const key of REASONS) expect(i18n.global.te(`reasons.${key}`), `${language} ${key}`).toBe(true);
    }
  });
});
