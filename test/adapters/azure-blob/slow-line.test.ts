import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { openAzureStore, type AzureStoreOptions } from "../../../src/adapters/azure-blob/azure-store.ts";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import { systemRandom } from "../../../src/adapters/system/random.ts";
import { MiB } from "../../../src/kernel/bytes.ts";
import type { HoldfastError } from "../../../src/kernel/errors.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import { codeOf, pattern } from "../../ports/blob-store.laws.ts";
import { AZURES, startBlobLine, type BlobLine } from "../../support/blob-line.ts";

let line: BlobLine;
beforeAll(async () => {
  line = await startBlobLine();
});
afterAll(async () => {
  await line[Symbol.asyncDispose]();
});

/** So fast a line is waited for that nothing is added for bytes under way. */
const NO_GRACE = 1e9;

async function open(options: Partial<AzureStoreOptions>): Promise<BlobStore> {
  return await openAzureStore(
    "azure://acct/backups",
    { sas: new Secret("sv=1&sig=x") },
    {
      clock: systemClock,
      random: systemRandom,
      attempts: 3,
      firstDelayMs: 1,
      endpoint: `http://127.0.0.1:${line.port}`,
      env: {},
      ...options,
    },
  );
}

describe("an upload over a slow line", () => {
  it("sends one block at a time where several are too much, says so once, and ends well", async () => {
    const told: string[] = [];
    line.answer = (beside) => (beside > 1 ? "never" : 0);
    const store = await open({
      patience: { sendMs: 400, bytesPerMs: NO_GRACE },
      onSlow: (message) => told.push(message),
    });
    const before = line.beside.length;
    expect(await store.put("a", pattern(28 * MiB))).toMatchObject({ size: 28 * MiB });
    expect(told).toEqual([expect.stringContaining("too slow for 4 blocks at the same time")]);
    const beside = line.beside.slice(before);
    // Four together; from then on each alone. (The first may have been answered before the others came.)
    expect(Math.max(...beside.slice(0, 4))).toBeGreaterThan(1);
    expect(beside.slice(-6)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("waits for what is under way as long as a slow line may take with it", async () => {
    line.answer = () => 700;
    const patient = await open({ patience: { sendMs: 150, bytesPerMs: (4 * MiB) / 30_000 } });
    expect(await patient.put("a", pattern(4 * MiB))).toMatchObject({ size: 4 * MiB });
    const hasty = await open({ patience: { sendMs: 150, bytesPerMs: NO_GRACE } });
    expect(await codeOf(hasty.put("a", pattern(4 * MiB)))).toBe("store.unreachable");
  });

  it("ends where nothing moves for good, tells tries and time, and closes its connections", async () => {
    line.answer = () => "never";
    const closed = line.closed;
    const store = await open({ patience: { sendMs: 80, bytesPerMs: NO_GRACE } });
    const error = (await store.put("a", pattern(MiB)).catch((reason: unknown) => reason)) as HoldfastError;
    expect([error.code, error.message]).toEqual([
      "store.unreachable",
      expect.stringMatching(/^writing a: no answer within 0 s; tried 3 times over /),
    ]);
    await expect(eventuallyClosed(closed + 3)).resolves.toBeUndefined();
  });

  it("closes its connections when the content breaks off", async () => {
    line.answer = () => "never";
    const closed = line.closed;
    const store = await open({});
    const before = line.beside.length;
    const own = new Error("the dump failed");
    const broken = (async function* () {
      yield* pattern(8 * MiB);
      while (line.beside.length === before) await new Promise(setImmediate);
      throw own;
    })();
    await expect(store.put("a", broken)).rejects.toBe(own);
    await expect(eventuallyClosed(closed + 1)).resolves.toBeUndefined();
  });

  it("does not end a long listing that moves, and ends one that does not", async () => {
    const page = '<?xml version="1.0"?><EnumerationResults><Blobs></Blobs><NextMarker/></EnumerationResults>';
    line.other = (_request, response) => {
      response.writeHead(200, { ...AZURES, "content-type": "application/xml" });
      const pieces = page.match(/[^]{1,10}/g) ?? [];
      const next = (): void => {
        const piece = pieces.shift();
        if (piece === undefined) response.end();
        else response.write(piece, () => setTimeout(next, 100));
      };
      next();
    };
    // Nine pieces a tenth of a second apart, each of them well within a half.
    await (await open({ patience: { answerMs: 500 } })).check(false);
    line.other = (_request, response) => void response.writeHead(200, AZURES).write("<?xml");
    expect(await codeOf((await open({ patience: { answerMs: 60 } })).check(false))).toBe("store.unreachable");
  });
});

async function eventuallyClosed(count: number): Promise<void> {
  while (line.closed < count) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("an access tier that the account does not have", () => {
  const answers =
    (sku: string, kind: string, commit: readonly [status: number, code: string]): BlobLine["other"] =>
    (request, response) => {
      const { searchParams } = new URL(request.url ?? "/", "http://line");
      if (searchParams.get("restype") === "account") {
        const isTold = sku !== "";
        const account = { "x-ms-sku-name": sku, "x-ms-account-kind": kind };
        response.writeHead(isTold ? 200 : 403, {
          ...AZURES,
          ...(isTold ? account : { "x-ms-error-code": "AuthorizationPermissionMismatch" }),
        });
      } else if (searchParams.get("comp") === "list") {
        response.writeHead(200, { ...AZURES, "content-type": "application/xml" });
        response.write("<EnumerationResults><Blobs></Blobs><NextMarker/></EnumerationResults>");
      } else {
        const isTier = request.headers["x-ms-access-tier"] !== undefined;
        const [status, code] = isTier ? commit : [400, "InvalidBlockList"];
        response.writeHead(status, { ...AZURES, "x-ms-error-code": code });
      }
      response.end();
    };
  const BLOCKS_FIRST = [400, "InvalidBlockList"] as const;

  it.each([
    ["Premium_LRS", "BlockBlobStorage", BLOCKS_FIRST, "Hot", "input.conflict"],
    ["Standard_ZRS", "StorageV2", BLOCKS_FIRST, "Archive", "input.conflict"],
    ["Standard_RAGZRS", "StorageV2", BLOCKS_FIRST, "Archive", "input.conflict"],
    ["Standard_LRS", "Storage", BLOCKS_FIRST, "Cool", "input.conflict"],
    ["Standard_RAGRS", "StorageV2", BLOCKS_FIRST, "Archive", undefined],
    ["Standard_ZRS", "StorageV2", BLOCKS_FIRST, "Cool", undefined],
    ["", "", [400, "InvalidBlobTier"], "Archive", "input.conflict"],
    ["", "", [409, "BlobAccessTierNotSupportedForAccountType"], "Cool", "input.conflict"],
    ["", "", BLOCKS_FIRST, "Cool", undefined],
  ] as const)("is found before an upload: %s %s %j, %s", async (sku, kind, commit, accessTier, code) => {
    line.other = answers(sku, kind, commit);
    const store = await open({});
    const checked = store.check(true, { accessTier }).then(
      () => undefined,
      (error: unknown) => (error as HoldfastError).code,
    );
    expect(await checked).toBe(code);
    await store.check(true);
  });

  it("is no matter of the input alone any more where only the commit finds it", async () => {
    line.answer = () => 0;
    line.other = answers("", "", [400, "InvalidBlobTier"]);
    const error = (await (
      await open({})
    )
      .put("a", pattern(10), { accessTier: "Archive" })
      .catch((reason: unknown) => reason)) as HoldfastError;
    expect([error.code, error.exitCode]).toEqual(["store.denied", 4]);
    expect(error.message).toContain("after its bytes had been sent");
    expect(error.hint).toContain("--access-tier Default");
  });
});
