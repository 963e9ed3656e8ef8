import { describe, expect, it } from "@jest/globals";
import { parseAzureUrl } from "../../../src/adapters/azure-blob/azure-url.ts";

describe("parseAzureUrl", () => {
  it.each([
    ["azure://acct/backups", { account: "acct", container: "backups", prefix: "" }],
    ["azure://acct/backups/", { account: "acct", container: "backups", prefix: "" }],
    ["azure://acct1/back-ups/team/prod", { account: "acct1", container: "back-ups", prefix: "team/prod/" }],
    ["azure://acct1/back-ups/team/prod/", { account: "acct1", container: "back-ups", prefix: "team/prod/" }],
    ["azure://acct1/back-ups/tëam x", { account: "acct1", container: "back-ups", prefix: "tëam x/" }],
  ])("reads %s", (url, parts) => {
    expect(parseAzureUrl(url)).toEqual(parts);
  });

  it.each([
    "azure://acct",
    "azure:///backups",
    "azure://acct//prefix",
    "azure://Acct/backups",
    "azure://ac/backups",
    "azure://acct/Backups",
    "azure://acct/b",
    "azure://acct/a--b",
    "azure://acct/backups/../x",
    "azure://acct/backups//x",
    "https://acct/backups",
  ])("refuses %s", (url) => {
    expect(() => parseAzureUrl(url)).toThrow(expect.objectContaining({ code: "input.malformed" }));
  });

  it("refuses a SAS behind the URL without repeating it", () => {
    const attempt = () => parseAzureUrl("azure://acct/backups?sv=2024&sig=TOPSECRET");
    expect(attempt).toThrow(expect.objectContaining({ code: "input.malformed" }));
    expect(attempt).not.toThrow(/TOPSECRET/);
  });

  it("says that only the account's name is written, where a host is", () => {
    for (const host of [
      "acct.blob.core.windows.net",
      "Acct.blob.core.windows.net",
      "acct.dfs.core.windows.net",
    ]) {
      try {
        parseAzureUrl(`azure://${host}/backups/team`);
        expect("refused").toBe("not");
      } catch (error) {
        expect(error).toMatchObject({
          code: "input.malformed",
          hint: "Write only the account's name: azure://acct/backups/team",
        });
      }
    }
  });
});
