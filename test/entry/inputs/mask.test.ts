import { describe, expect, it } from "@jest/globals";
import { hideCredentials, secretParts } from "../../../src/entry/inputs/mask.ts";
import { storeCredentials } from "../../../src/entry/inputs/store-credentials.ts";
import { Secret } from "../../../src/kernel/secret.ts";

describe("the telling parts of a secret", () => {
  it("are the password of a URL, encoded and decoded, also one with @ and /", () => {
    expect(secretParts("postgresql://u:a%40b%2Fc@h:5432/db")).toEqual(
      expect.arrayContaining(["a%40b%2Fc", "a@b/c"]),
    );
    expect(secretParts("postgresql://u:p@ss/w@h/db")).toContain("p@ss/w");
    expect(secretParts("postgresql://h/db?user=u&password=s%3Dcret")).toEqual(
      expect.arrayContaining(["s%3Dcret", "s=cret"]),
    );
  });

  it("are the key of a connection string and the signature of a SAS", () => {
    expect(
      secretParts("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=Zm9vYmFy==;EndpointSuffix=x"),
    ).toContain("Zm9vYmFy==");
    expect(secretParts("?sv=2026&sig=ab%2Bcd%3D&se=x")).toEqual(
      expect.arrayContaining(["ab%2Bcd%3D", "ab+cd="]),
    );
    expect(secretParts("BlobEndpoint=https://x/;SharedAccessSignature=sv=1&sig=q%2Fq")).toContain("q%2Fq");
  });

  it("are the lines of an identity file, but not its comments", () => {
    const parts = secretParts("# created: today\nAGE-SECRET-KEY-1ABC\n");
    expect(parts).toContain("AGE-SECRET-KEY-1ABC");
    expect(parts).not.toContain("# created: today");
  });

  it("leave out a password that is the user's or database's name, else no longer to be shown", () => {
    expect(secretParts("postgresql://postgres:postgres@localhost:5432/app")).toEqual([
      "postgresql://postgres:postgres@localhost:5432/app",
    ]);
    expect(secretParts("postgresql://u:shop@h/shop?sslmode=disable")).not.toContain("shop");
  });

  it("do not trip over a lone percent sign", () => {
    expect(secretParts("postgresql://u:100%@h/db")).toContain("100%");
  });
});

it("credentials typed into an input that is no secret are not repeated", () => {
  expect(hideCredentials("postgresql://u:p@ss@h/db")).toBe("postgresql://***@h/db");
  expect(hideCredentials("AccountName=a;AccountKey=k==;x")).toBe("AccountName=a;AccountKey=***;x");
  expect(hideCredentials("azure://acc/c?sv=1&sig=abc")).toBe("azure://acc/c?sv=1&sig=***");
});

describe("the credentials of a store", () => {
  const key = `${"A".repeat(86)}==`;
  it.each([
    ["DefaultEndpointsProtocol=https;AccountName=a;AccountKey=k", "connectionString"],
    ["UseDevelopmentStorage=true", "connectionString"],
    ["BlobEndpoint=https://x/;SharedAccessSignature=sig=x", "connectionString"],
    ["?sv=1&sig=x", "sas"],
    ["sv=1&sig=x", "sas"],
    [key, "accountKey"],
  ])("are told apart: %s", (text, kind) => {
    expect(Object.keys(storeCredentials(new Secret(text), {}))).toEqual([kind]);
  });

  it("come from the input, then connection string, then the environment's SAS token, then a login", () => {
    const env = { AZURE_STORAGE_CONNECTION_STRING: "AccountName=a;", AZURE_STORAGE_SAS_TOKEN: "sig=x" };
    expect(storeCredentials(new Secret("sig=mine"), env)).toHaveProperty("sas");
    expect(storeCredentials(undefined, env)).toHaveProperty("connectionString");
    expect(storeCredentials(undefined, { AZURE_STORAGE_SAS_TOKEN: "sig=x" })).toHaveProperty("sas");
    expect(storeCredentials(undefined, { AZURE_STORAGE_SAS_TOKEN: "" })).toBe("login");
  });

  it("are refused, unseen, when they are of no known kind", () => {
    expect(() => storeCredentials(new Secret("hunter22"), {})).toThrow(/neither a connection string/);
    expect(() => storeCredentials(new Secret("hunter22"), {})).not.toThrow(/hunter22/);
  });
});
