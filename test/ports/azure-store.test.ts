import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { BlobServiceClient } from "@azure/storage-blob";
import { openAzureStore, type AzureStoreOptions } from "../../src/adapters/azure-blob/azure-store.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import { Secret } from "../../src/kernel/secret.ts";
import type { BlobStore } from "../../src/ports/blob-store.ts";
import { AZURITE_ACCOUNT, startAzurite, type Azurite } from "../support/azurite.ts";
import { startFaultProxy, type FaultProxy } from "../support/fault-proxy.ts";
import { killWriter } from "../support/kill-writer.ts";
import { bytes, codeOf, describeBlobStoreLaws, listed, measure, pattern, text } from "./blob-store.laws.ts";

let azurite: Azurite;
let proxy: FaultProxy;
beforeAll(async () => {
  azurite = await startAzurite();
  proxy = await startFaultProxy(azurite.port);
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await azurite.stop();
});

const QUICK = {
  clock: systemClock,
  random: systemRandom,
  attempts: 4,
  firstDelayMs: 5,
} satisfies AzureStoreOptions;

async function open(
  container: string,
  connectionString: string,
  options: Partial<AzureStoreOptions> = {},
  prefix = "",
): Promise<BlobStore> {
  return await openAzureStore(
    `azure://${AZURITE_ACCOUNT}/${container}${prefix}`,
    { connectionString: new Secret(connectionString) },
    { ...QUICK, ...options },
  );
}

async function freshContainer(): Promise<string> {
  return (await azurite.makeContainer()).containerName;
}

/** A new container, reached through the proxy and directly. */
async function through(
  options: Partial<AzureStoreOptions> = {},
): Promise<{ faulty: BlobStore; direct: BlobStore; container: string }> {
  const container = await freshContainer();
  proxy.decide = () => "pass";
  const viaProxy = azurite.connectionString.replaceAll(`:${azurite.port}/`, `:${proxy.port}/`);
  return {
    faulty: await open(container, viaProxy, options),
    direct: await open(container, azurite.connectionString),
    container,
  };
}

describeBlobStoreLaws("the Azure store", async () => {
  const container = await freshContainer();
  const again = (): Promise<BlobStore> => open(container, azurite.connectionString, { pageSize: 7 });
  return {
    store: await again(),
    again,
    missing: await open("no-such-container", azurite.connectionString),
    close: async () => undefined,
  };
});

describeBlobStoreLaws("the Azure store below a prefix", async () => {
  const container = await freshContainer();
  const around = await open(container, azurite.connectionString);
  await around.put("team/holdfast-other/blob", bytes("not ours"));
  const again = (): Promise<BlobStore> => open(container, azurite.connectionString, {}, "/team/hold fast/ü");
  return {
    store: await again(),
    again,
    close: async () => undefined,
    missing: await open("no-such-container", azurite.connectionString, {}, "/p"),
  };
});

describe("the Azure store", () => {
  it("lists more blobs than fit into one page, in order", async () => {
    const container = await azurite.makeContainer();
    const names = Array.from({ length: 5200 }, (_, index) => `many/${String(index).padStart(5, "0")}`);
    const batch = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient(
      container.containerName,
    );
    for (let start = 0; start < names.length; start += 100) {
      await Promise.all(
        names.slice(start, start + 100).map((name) => batch.getBlockBlobClient(name).upload("", 0)),
      );
    }
    expect(
      (await listed(await open(container.containerName, azurite.connectionString), "many/")).map(
        ({ path }) => path,
      ),
    ).toEqual(names);
    expect(
      await listed(await open(container.containerName, azurite.connectionString, { pageSize: 999 }), ""),
    ).toHaveLength(5200);
  }, 120_000);

  it("shows nothing of a writer that was killed with SIGKILL, and the path stays free", async () => {
    const container = await freshContainer();
    await killWriter(`azure://${AZURITE_ACCOUNT}/${container}`, 60, {
      CONNECTION_STRING: azurite.connectionString,
    });
    const store = await open(container, azurite.connectionString);
    expect(await listed(store, "")).toEqual([]);
    expect(await store.stat("killed/blob")).toBeNull();
    await store.put("killed/blob", bytes("whole"));
    expect(await text(store, "killed/blob")).toBe("whole");
  });

  it("commits with the access tier, and says store.archived when an archived blob is read", async () => {
    const store = await open(await freshContainer(), azurite.connectionString);
    expect(await store.put("cool", bytes("x"), { accessTier: "Cool" })).toMatchObject({ accessTier: "Cool" });
    expect(await store.stat("cool")).toMatchObject({ accessTier: "Cool" });
    await store.put("cold", bytes("x"), { accessTier: "Archive" });
    expect(await listed(store, "cold")).toMatchObject([{ accessTier: "Archive" }]);
    expect(await codeOf(store.get("cold"))).toBe("store.archived");
    expect(await codeOf(store.put("cold", bytes("x")))).toBe("store.exists");
  });

  it("keeps two writers of one path apart: the loser's blocks never get into the winner's blob", async () => {
    const container = await freshContainer();
    const [one, two] = [
      await open(container, azurite.connectionString),
      await open(container, azurite.connectionString),
    ];
    const size = 20_000_000;
    let release = (): void => undefined;
    const winnerDone = new Promise<void>((resolve) => (release = resolve));
    const loser = one.put(
      "same",
      (async function* () {
        yield* pattern(size, 4096);
        await winnerDone;
      })(),
    );
    await two.put("same", pattern(size));
    release();
    expect(await codeOf(loser)).toBe("store.exists");
    expect(await measure((await two.get("same")).content)).toEqual(await measure(pattern(size)));
  });
});

describe("the Azure store on a bad network", () => {
  it("sends a block again when its answer is lost, refused as busy, or cut with its connection", async () => {
    const { faulty, direct } = await through();
    proxy.decide = ({ kind, seen }) =>
      kind !== "PUT block"
        ? "pass"
        : seen === 1
          ? "cut-after"
          : seen === 2
            ? "cut-before"
            : seen === 4
              ? { status: 503, code: "ServerBusy" }
              : "pass";
    await faulty.put("blocks", pattern(30_000_000));
    expect(await measure((await direct.get("blocks")).content)).toEqual(await measure(pattern(30_000_000)));
  });

  it("sends a block again that was damaged on the way: the server refuses its MD5", async () => {
    const { faulty, direct } = await through();
    let blocks = 0;
    proxy.decide = ({ kind }) => (kind === "PUT block" && (blocks += 1) <= 2 ? "flip" : "pass");
    await faulty.put("flipped", bytes("as it was"));
    expect([await text(direct, "flipped"), blocks]).toEqual(["as it was", 3]);
    proxy.decide = ({ kind }) => (kind === "PUT block" ? "flip" : "pass");
    expect(await codeOf(faulty.put("always flipped", bytes("as it was")))).toBe("store.unreachable");
    expect(await direct.stat("always flipped")).toBeNull();
  });

  it("gives up with store.unreachable when a block cannot be sent, and shows nothing", async () => {
    const { faulty, direct } = await through();
    proxy.decide = ({ kind }) => (kind === "PUT block" ? "cut-before" : "pass");
    expect(await codeOf(faulty.put("blocks", pattern(30_000_000)))).toBe("store.unreachable");
    expect(await direct.stat("blocks")).toBeNull();
  });

  it("knows its own commit when the answer was lost: a put that won is never store.exists", async () => {
    const { faulty, direct } = await through();
    let lost = 0;
    proxy.decide = ({ kind }) => (kind === "PUT blocklist" && (lost += 1) === 1 ? "cut-after" : "pass");
    const facts = await faulty.put("won", bytes("our bytes"));
    expect(lost).toBe(2);
    expect(facts).toMatchObject({ size: 9, etag: (await direct.stat("won"))?.etag });
  });

  it("knows another's commit when its own was lost on the way: a lost put is no success", async () => {
    const { faulty, direct } = await through();
    let tries = 0;
    proxy.decide = ({ kind }) => {
      if (kind !== "PUT blocklist") return "pass";
      tries += 1;
      return tries === 1 ? "cut-before" : "pass";
    };
    const put = faulty.put(
      "lost",
      (async function* () {
        yield Buffer.from("our bytes");
        await direct.put("lost", bytes("our bytes"));
      })(),
    );
    expect(await codeOf(put)).toBe("store.exists");
    expect(tries).toBe(2);
  });

  it("says store.unreachable, not store.exists, when it can not find out whose commit it was", async () => {
    const { faulty } = await through();
    let lost = 0;
    proxy.decide = ({ kind }) =>
      kind === "GET blocklist"
        ? { status: 403, code: "AuthorizationPermissionMismatch" }
        : kind === "PUT blocklist" && (lost += 1) === 1
          ? "cut-after"
          : "pass";
    expect(await codeOf(faulty.put("unknown", bytes("our bytes")))).toBe("store.unreachable");
  });

  it.each([true, false])(
    "says that blocks are gone, and not that the blob is there, where Azure has none (may read: %s)",
    async (mayRead) => {
      const { faulty, direct } = await through();
      proxy.decide = ({ kind }) => {
        if (kind === "PUT blocklist") return { status: 400, code: "InvalidBlockList" };
        if (mayRead || !/^(?:GET|HEAD) /.test(kind)) return "pass";
        return { status: 403, code: "AuthorizationPermissionMismatch" };
      };
      const error: unknown = await faulty.put("gone", bytes("ours")).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: "store.changed",
        message: "the blocks of gone were discarded before they could be committed",
      });
      expect(await direct.stat("gone")).toBeNull();
    },
  );

  it("goes on reading from the missing byte after a broken connection, several times", async () => {
    const { faulty, direct } = await through();
    await direct.put("large", pattern(5_000_000));
    let reads = 0;
    proxy.decide = ({ kind }) =>
      kind === "GET" && (reads += 1) <= 5 ? { bodyBytes: reads === 3 ? 0 : 700_001 } : "pass";
    const { size, content } = await faulty.get("large", { start: 11, end: 4_999_990 });
    const direct2 = await direct.get("large", { start: 11, end: 4_999_990 });
    expect(size).toBe(4_999_979);
    expect(await measure(content)).toEqual(await measure(direct2.content));
    expect(reads).toBeGreaterThanOrEqual(6);
  });

  it("takes up a download that has gone silent", async () => {
    const { faulty, direct } = await through({ idleMs: 200 });
    await direct.put("large", pattern(2_000_000));
    let reads = 0;
    proxy.decide = ({ kind }) =>
      kind === "GET" && (reads += 1) <= 2 ? { bodyBytes: reads === 1 ? 0 : 500_000, hang: true } : "pass";
    expect(await measure((await faulty.get("large")).content)).toEqual(await measure(pattern(2_000_000)));
    expect(reads).toBe(3);
  });

  it("does not mistake a slow reader for a silent server", async () => {
    const { faulty, direct } = await through({ idleMs: 100 });
    await direct.put("large", pattern(3_000_000));
    let reads = 0;
    proxy.decide = ({ kind }) => {
      if (kind === "GET") reads += 1;
      return "pass";
    };
    let slow = true;
    let size = 0;
    for await (const chunk of (await faulty.get("large")).content) {
      size += chunk.byteLength;
      if (slow) await systemClock.sleep(400);
      slow = false;
    }
    expect([size, reads]).toEqual([3_000_000, 1]);
  });

  it("never splices two versions: a blob replaced during a broken download is store.changed", async () => {
    const { faulty, direct } = await through();
    const { etag } = await direct.put("lock", pattern(3_000_000));
    let reads = 0;
    proxy.decide = ({ kind }) => (kind === "GET" && (reads += 1) === 1 ? { bodyBytes: 500_000 } : "pass");
    const { content } = await faulty.get("lock");
    await direct.replace("lock", Buffer.alloc(3_000_000), etag);
    expect(await codeOf(measure(content))).toBe("store.changed");
  });

  it("throws when a download can not be finished; it never ends early", async () => {
    const { faulty, direct } = await through();
    await direct.put("large", pattern(3_000_000));
    let reads = 0;
    proxy.decide = ({ kind }) =>
      kind !== "GET" ? "pass" : (reads += 1) === 1 ? { bodyBytes: 500_000 } : "cut-before";
    expect(await codeOf(measure((await faulty.get("large")).content))).toBe("store.unreachable");
    expect(reads).toBe(5);
  });

  it("asks again for a later page of a listing, and throws when it does not come", async () => {
    const { faulty, direct } = await through({ pageSize: 2 });
    for (const name of ["a", "b", "c", "d", "e"]) await direct.put(name, bytes(name));
    let pages = 0;
    proxy.decide = ({ kind }) =>
      kind === "GET list" && [2, 4].includes((pages += 1)) ? "cut-before" : "pass";
    expect((await listed(faulty, "")).map(({ path }) => path)).toEqual(["a", "b", "c", "d", "e"]);
    pages = 0;
    proxy.decide = ({ kind }) => (kind === "GET list" && (pages += 1) > 1 ? "cut-before" : "pass");
    expect(await codeOf(listed(faulty, ""))).toBe("store.unreachable");
  });

  it("believes absence only from Azure itself: a proxy's bare 404 is store.unreachable", async () => {
    const { faulty } = await through();
    proxy.decide = () => ({ status: 404 });
    expect(await codeOf(faulty.stat("a"))).toBe("store.unreachable");
    expect(await codeOf(faulty.get("a"))).toBe("store.unreachable");
    expect(await codeOf(faulty.remove("a"))).toBe("store.unreachable");
    expect(await codeOf(listed(faulty, ""))).toBe("store.unreachable");
  });

  it("says store.unreachable when nobody listens", async () => {
    const store = await open("abc", azurite.connectionString.replaceAll(`:${azurite.port}/`, ":1/"));
    for (const work of [
      store.check(false),
      store.stat("a"),
      store.get("a"),
      store.remove("a"),
      listed(store, ""),
      store.put("a", bytes("a")),
    ]) {
      expect(await codeOf(work)).toBe("store.unreachable");
    }
  });
});
