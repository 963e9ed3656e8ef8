import { BlobServiceClient } from "@azure/storage-blob";
import { ClientAssertionCredential } from "@azure/identity";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "@jest/globals";
import { AZURITE_ACCOUNT, startAzurite } from "../support/azurite.ts";
import { guardStore } from "../support/guarded-store.ts";
import { CLIENT, startIdentityProvider, TENANT } from "../support/identity-provider.ts";
import { createDatabase } from "../support/postgres.ts";
import { Job } from "./runner.ts";

/** Some 20 MiB that cannot be made smaller: five blocks. */
const INCOMPRESSIBLE = `
  create table files (id int primary key, content bytea not null);
  insert into files
    select f, (select string_agg(sha512(convert_to(f || '-' || n, 'UTF8')), '' order by n)
                 from generate_series(1, 8192) n)
      from generate_series(1, 40) f;
`;

const LIFE_S = 3;
const BLOCK_MS = 1700;
const SCOPE = "https://storage.azure.com/.default";

describe("signing in as the shipped workflows do, with the job's own tokens", () => {
  it("outlives three lives of an access token while one dump is uploaded", async () => {
    await using provider = await startIdentityProvider({ accessTokens: LIFE_S, idTokens: LIFE_S });
    await using azurite = await startAzurite({ oauth: true });
    await using store = await guardStore(azurite, { ...provider, blockMs: BLOCK_MS });
    setDefaultCACertificates([...getCACertificates("default"), azurite.certificate ?? ""]);
    const { containerName } = await azurite.makeContainer();
    const database = await createDatabase({ sql: INCOMPRESSIBLE });
    await using job = new Job();
    const { main } = await job.uses("actions/backup", {
      with: {
        database: database.url,
        store: `azure://${AZURITE_ACCOUNT}/${containerName}/prod`,
        source: "shop",
        proof: "none",
        "allow-unencrypted": "true",
      },
      env: { ...provider.environment, AZURE_STORAGE_BLOB_ENDPOINT: store.endpoint },
    });
    expect({ code: main.code, log: main.log }).toMatchObject({ code: 0 });
    // Blocks are let through one after another, so that the commit comes that much after the first.
    expect(store.blocks * BLOCK_MS).toBeGreaterThan(3 * LIFE_S * 1000);
    expect(store.tokens.size).toBeGreaterThan(1);
    const blobs = BlobServiceClient.fromConnectionString(azurite.connectionString);
    const manifest = blobs
      .getContainerClient(containerName)
      .getBlobClient(`prod/${main.outputs["manifest"]}`);
    expect(await manifest.exists()).toBe(true);
  });

  it("is refused as Entra ID refuses: a stale or foreign assertion, by Microsoft's own codes", async () => {
    await using provider = await startIdentityProvider({ accessTokens: 60, idTokens: 1 });
    setDefaultCACertificates([...getCACertificates("default"), provider.tls.cert]);
    const idToken = async (audience: string): Promise<string> => {
      const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } =
        provider.environment;
      const answer = await fetch(`${url}&audience=${audience}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return ((await answer.json()) as { readonly value: string }).value;
    };
    const signIn = (assertion: string): Promise<unknown> =>
      new ClientAssertionCredential(TENANT, CLIENT, async () => assertion, {
        authorityHost: provider.authority,
        disableInstanceDiscovery: true,
      }).getToken(SCOPE);
    const good = await idToken("api://AzureADTokenExchange");
    await expect(signIn(good)).resolves.toMatchObject({ token: expect.any(String) });
    await setTimeout(1100);
    // What an `azure/login` session keeps is such a token.
    await expect(signIn(good)).rejects.toThrow("AADSTS700024");
    await expect(signIn("no.token.atall")).rejects.toThrow("AADSTS50027");
    await expect(signIn(await idToken("somebody"))).rejects.toThrow("AADSTS700212");
    expect(provider.issued).toBe(1);
  });
});
