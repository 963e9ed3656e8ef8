import { setDefaultCACertificates, getCACertificates } from "node:tls";
import { describe, expect, it } from "@jest/globals";
import {
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { containerClient, sasExpiry } from "../../../src/adapters/azure-blob/azure-credentials.ts";
import { openAzureStore } from "../../../src/adapters/azure-blob/azure-store.ts";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import { systemRandom } from "../../../src/adapters/system/random.ts";
import type { HoldfastError } from "../../../src/kernel/errors.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import { bytes, codeOf, listed, text } from "../../ports/blob-store.laws.ts";
import { AZURITE_ACCOUNT, AZURITE_KEY, startAzurite } from "../../support/azurite.ts";

const OPTIONS = { clock: systemClock, random: systemRandom, attempts: 2, firstDelayMs: 5 };
const URL_PARTS = { account: "acct", container: "backups", prefix: "" };

function sas(container: string, permissions: string, startsInMs: number, endsInMs: number): string {
  const [startsOn, expiresOn] = [new Date(Date.now() + startsInMs), new Date(Date.now() + endsInMs)];
  const key = new StorageSharedKeyCredential(AZURITE_ACCOUNT, AZURITE_KEY);
  return generateBlobSASQueryParameters(
    {
      containerName: container,
      permissions: ContainerSASPermissions.parse(permissions),
      startsOn,
      expiresOn,
    },
    key,
  ).toString();
}

/** A token as Azurite's `--oauth basic` reads it: unsigned, with the right audience, issuer and times. */
function token(validForMs: number): { token: string; expiresOnTimestamp: number } {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const [now, end] = [Math.floor(Date.now() / 1000), Date.now() + validForMs];
  const claims = {
    aud: "https://storage.azure.com",
    iss: "https://sts.windows.net/00000000-0000-0000-0000-000000000001/",
    iat: now - 9,
    nbf: now - 9,
    exp: Math.floor(end / 1000),
  };
  return { token: `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.c2ln`, expiresOnTimestamp: end };
}

describe("logging in to Azure", () => {
  it("takes a SAS with or without '?', a whole URL, an account key; needs no container right", async () => {
    await using azurite = await startAzurite();
    const { containerName } = await azurite.makeContainer();
    const good = sas(containerName, "rcwdl", -60_000, 600_000);
    for (const [index, secret] of [
      good,
      `?${good}`,
      `${azurite.endpoint}/${containerName}?${good}`,
    ].entries()) {
      const store = await openAzureStore(
        `azure://${AZURITE_ACCOUNT}/${containerName}`,
        { sas: new Secret(secret) },
        { ...OPTIONS, endpoint: azurite.endpoint },
      );
      await store.check(true);
      await store.put(`sas-${index}`, bytes("x"));
    }
    const keyed = await openAzureStore(
      `azure://${AZURITE_ACCOUNT}/${containerName}`,
      { accountKey: new Secret(AZURITE_KEY) },
      { ...OPTIONS, endpoint: azurite.endpoint },
    );
    await keyed.check(true);
    expect(await listed(keyed, "")).toHaveLength(3);
  });

  it("says store.denied in every method, and when the SAS expired or that it may not write", async () => {
    await using azurite = await startAzurite();
    const { containerName } = await azurite.makeContainer();
    const open = (secret: string) =>
      openAzureStore(
        `azure://${AZURITE_ACCOUNT}/${containerName}`,
        { sas: new Secret(secret) },
        { ...OPTIONS, endpoint: azurite.endpoint },
      );
    const expired = await open(sas(containerName, "rcwdl", -7_200_000, -3_600_000));
    const works = [
      () => expired.check(false),
      () => expired.stat("a"),
      () => expired.get("a"),
      () => listed(expired, ""),
      () => expired.put("a", bytes("x")),
      () => expired.remove("a"),
      () => expired.replace("a", Buffer.from("x"), "0x1"),
    ];
    for (const work of works) expect(await codeOf(work())).toBe("store.denied");
    const error = await expired.check(false).catch((reason: unknown) => reason as HoldfastError);
    expect(error?.hint).toContain(new Date(Date.now() - 3_600_000).toISOString().slice(0, 13));
    const reader = await open(sas(containerName, "rl", -60_000, 600_000));
    await reader.check(false);
    expect(await codeOf(reader.check(true))).toBe("store.denied");
    expect(await codeOf(reader.put("a", bytes("x")))).toBe("store.denied");
  });

  it("works with bearer tokens over HTTPS and asks for a new one when the old one has run out", async () => {
    await using azurite = await startAzurite({ oauth: true });
    setDefaultCACertificates([...getCACertificates("default"), azurite.certificate ?? ""]);
    const { containerName } = await azurite.makeContainer();
    let asked = 0;
    const tokenSource = {
      getToken: async (scopes: string | string[]) => {
        asked += 1;
        expect(String(scopes)).toBe("https://storage.azure.com/.default");
        return token(asked === 1 ? 1500 : 3_600_000);
      },
    };
    const store = await openAzureStore(
      `azure://${AZURITE_ACCOUNT}/${containerName}`,
      { tokenSource },
      { ...OPTIONS, endpoint: azurite.endpoint },
    );
    await store.check(true);
    await systemClock.sleep(1600);
    await store.put("token", bytes("by token"));
    expect(await text(store, "token")).toBe("by token");
    expect(asked).toBe(2);
    const refused = await openAzureStore(
      `azure://${AZURITE_ACCOUNT}/${containerName}`,
      { tokenSource: { getToken: async () => token(-5000) } },
      { ...OPTIONS, endpoint: azurite.endpoint },
    );
    expect(await codeOf(refused.check(false))).toBe("store.denied");
  });

  it("refuses a connection string of another account than the URL's", async () => {
    for (const text of [
      "DefaultEndpointsProtocol=https;AccountName=other;AccountKey=AAAA;EndpointSuffix=core.windows.net",
      "UseDevelopmentStorage=true",
      "BlobEndpoint=https://other.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=x",
    ]) {
      await expect(
        containerClient(URL_PARTS, { connectionString: new Secret(text) }, {}),
      ).rejects.toMatchObject({ code: "input.conflict" });
    }
  });

  it("finds a connection string's container: custom endpoint, SAS, the emulator's short form", async () => {
    const client = (account: string, text: string) =>
      containerClient({ ...URL_PARTS, account }, { connectionString: new Secret(text) }, {});
    expect(
      (
        await client(
          "acct",
          "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=AAAA;EndpointSuffix=core.windows.net",
        )
      ).url,
    ).toBe("https://acct.blob.core.windows.net/backups");
    expect(
      (
        await client(
          "acct",
          "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=AAAA;BlobEndpoint=https://" +
            "private.example/acct",
        )
      ).url,
    ).toBe("https://private.example/acct/backups");
    expect(
      (
        await client(
          "acct",
          "BlobEndpoint=https://acct.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=x",
        )
      ).url,
    ).toBe("https://acct.blob.core.windows.net/backups?sv=1&sig=x");
    expect((await client(AZURITE_ACCOUNT, "UseDevelopmentStorage=true")).url).toBe(
      `http://127.0.0.1:10000/${AZURITE_ACCOUNT}/backups`,
    );
  });

  it("refuses an unreadable connection string or SAS without repeating it", async () => {
    for (const credentials of [
      { connectionString: new Secret("AccountKey=TOPSECRET") },
      { sas: new Secret("sv=1&TOPSECRET") },
    ]) {
      const error = await containerClient(URL_PARTS, credentials, {}).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "input.malformed" });
      expect(`${String(error)}${(error as HoldfastError).hint ?? ""}`).not.toContain("TOPSECRET");
    }
  });

  it("takes a SAS and a connection string as they get copied: quotes, breaks, `?`, `&amp;`", async () => {
    const plain = "sv=1&se=2030-01-01&sig=ab%2Bcd";
    for (const text of [
      `"${plain}"`,
      `'?${plain}'`,
      `\n?${plain}\r\n`,
      "sv=1&se=2030-01-01\r\n&sig=ab%2B\ncd",
      plain.replaceAll("&", "&amp;"),
      plain.replaceAll("&", "\\u0026"),
      plain.replace("%2B", "+"),
      `"https://acct.blob.core.windows.net/backups?${plain}"`,
    ]) {
      expect((await containerClient(URL_PARTS, { sas: new Secret(text) }, {})).url).toBe(
        `https://acct.blob.core.windows.net/backups?${plain}`,
      );
    }
    const quoted = `"BlobEndpoint=https://acct.blob.core.windows.net/;SharedAccessSignature=${plain}"\n`;
    expect((await containerClient(URL_PARTS, { connectionString: new Secret(quoted) }, {})).url).toContain(
      plain,
    );
  });

  it.each([
    ["sv=1&sig=TOPSECRET cd", "has a blank in it"],
    ["sv=1&sig=TOPSECRET%252Bcd", "percent-encoded twice"],
    ['sv=1"&sig=TOPSECRET', "has a quote in it"],
    ["sv=1&sig=", "has no signature"],
  ])("refuses a SAS that was damaged on the way here: %s", async (text, why) => {
    const error = await containerClient(URL_PARTS, { sas: new Secret(text) }, {}).catch(
      (reason: unknown) => reason as HoldfastError,
    );
    expect(error).toMatchObject({
      code: "input.malformed",
      message: expect.stringContaining(why) as unknown,
    });
    expect(String(error)).not.toContain("TOPSECRET");
  });

  it("reads when a SAS ends, and nothing else of it", () => {
    expect(sasExpiry({ sas: new Secret("sv=1&se=2026-11-30T10%3A00%3A00Z&sig=abc") })).toBe(
      "2026-11-30T10:00:00Z",
    );
    expect(
      sasExpiry({
        connectionString: new Secret("BlobEndpoint=https://a/;SharedAccessSignature=se=2026-11-30&sig=abc"),
      }),
    ).toBe("2026-11-30");
    expect(sasExpiry({ sas: new Secret("sv=1&sig=abc") })).toBeUndefined();
    expect(sasExpiry({ accountKey: new Secret("se=2026") })).toBeUndefined();
  });
});
