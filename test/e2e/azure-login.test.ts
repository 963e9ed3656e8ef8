import { ContainerSASPermissions } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { AZURITE_ACCOUNT, AZURITE_KEY, startAzurite, type Azurite } from "../support/azurite.ts";
import { cli, Job } from "./runner.ts";

let azurite: Azurite;
let container: string;
let sas: string;

beforeAll(async () => {
  azurite = await startAzurite();
  const client = await azurite.makeContainer();
  container = client.containerName;
  const url = await client.generateSasUrl({
    permissions: ContainerSASPermissions.parse("rl"),
    expiresOn: new Date(Date.now() + 3_600_000),
  });
  sas = new URL(url).search.slice(1);
});
afterAll(() => azurite.stop());

const store = (): string => `azure://${AZURITE_ACCOUNT}/${container}/prod`;

describe("the ways to prove who we are to an Azure store", () => {
  it.each([
    ["a connection string as the input", () => ({ "store-secret": azurite.connectionString }), () => ({})],
    [
      "an account key as the input",
      () => ({ "store-secret": AZURITE_KEY }),
      () => ({ AZURE_STORAGE_BLOB_ENDPOINT: azurite.endpoint }),
    ],
    [
      "a SAS token as the input",
      () => ({ "store-secret": sas }),
      () => ({ AZURE_STORAGE_BLOB_ENDPOINT: azurite.endpoint }),
    ],
    [
      "a connection string in the environment",
      () => ({}),
      () => ({ AZURE_STORAGE_CONNECTION_STRING: azurite.connectionString }),
    ],
    [
      "a SAS token in the environment",
      () => ({}),
      () => ({ AZURE_STORAGE_SAS_TOKEN: sas, AZURE_STORAGE_BLOB_ENDPOINT: azurite.endpoint }),
    ],
  ])("%s works, is masked, and shows nowhere", async (_, inputs, env) => {
    await using job = new Job();
    const { main } = await job.uses("actions/list", { with: { store: store(), ...inputs() }, env: env() });
    expect({ code: main.code, log: main.log }).toMatchObject({ code: 0 });
    expect(main.outputs["count"]).toBe("0");
    const signature = decodeURIComponent(new URLSearchParams(sas).get("sig") ?? "none");
    expect([AZURITE_KEY, signature].some((secret) => main.masks.includes(secret))).toBe(true);
    const shown =
      main.log
        .split("\n")
        .filter((line) => !line.startsWith("::add-mask::"))
        .join("\n") + main.summary;
    for (const secret of [AZURITE_KEY, signature, encodeURIComponent(signature)]) {
      expect(shown).not.toContain(secret);
    }
  });

  it("a wrong one is denied with exit code 4, which is not the same as an empty store", async () => {
    const wrong = azurite.connectionString.replace(AZURITE_KEY, `${"A".repeat(86)}==`);
    const { code, stdout, stderr } = await cli(["list", "--store", store(), "--json"], {
      env: { HOLDFAST_STORE_SECRET: wrong },
    });
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "store.denied", exit: 4 } });
    expect(code).toBe(4);
    expect(stderr).not.toContain("AAAAAAAA");
  });

  it("something that is none of them is an input error, and is not repeated", async () => {
    const { code, stderr } = await cli(["list", "--store", store()], {
      env: { HOLDFAST_STORE_SECRET: "open-sesame" },
    });
    expect(code).toBe(2);
    expect(stderr).toContain("store-secret is neither a connection string");
    expect(stderr).not.toContain("open-sesame");
  });
});
