import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { openAzureStore } from "../../../src/adapters/azure-blob/azure-store.ts";
import { commitManifest } from "../../../src/backups/backup/commit-manifest.ts";
import { describeFailure } from "../../../src/entry/process/failure.ts";
import { HoldfastError, type ErrorCode } from "../../../src/kernel/errors.ts";
import { newsOf } from "../../../src/kernel/news-of.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import { systemRandom } from "../../../src/adapters/system/random.ts";
import { manifestPath } from "../../../src/nouns/catalog/paths.ts";
import { AZURITE_ACCOUNT, startAzurite, type Azurite } from "../../support/azurite.ts";
import { startFaultProxy, type FaultProxy } from "../../support/fault-proxy.ts";
import { forwarding } from "../../support/decorators.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { keyOf, sampleManifest } from "../../nouns/catalog/samples.ts";

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

async function azure(cancelled?: AbortSignal) {
  const container = (await azurite.makeContainer()).containerName;
  const open = (port: number) =>
    openAzureStore(
      `azure://${AZURITE_ACCOUNT}/${container}`,
      { connectionString: new Secret(azurite.connectionString.replaceAll(`:${azurite.port}/`, `:${port}/`)) },
      { clock: systemClock, random: systemRandom, attempts: 4, firstDelayMs: 500, cancelled },
    );
  proxy.decide = () => "pass";
  return { faulty: await open(proxy.port), direct: await open(azurite.port) };
}

describe("a manifest whose answer was lost", () => {
  it("and whose second try is refused (a SAS that ended) is not called not committed", async () => {
    const { faulty, direct } = await azure();
    let seen = 0;
    proxy.decide = ({ kind }) =>
      kind !== "PUT blocklist"
        ? "pass"
        : (seen += 1) === 1
          ? "cut-after"
          : { status: 403, code: "AuthenticationFailed" };
    const manifest = sampleManifest(keyOf("20261122T020000Z-1a2b3c"));
    const error: unknown = await commitManifest(faulty, manifest).catch((thrown: unknown) => thrown);
    expect(await direct.stat(manifestPath(manifest))).not.toBeNull();
    expect((error as Error).message).toContain("is not known");
  });

  it("and whose second try Ctrl-C forbids is not called cancelled alone", async () => {
    const cancel = new AbortController();
    const { faulty, direct } = await azure(cancel.signal);
    proxy.decide = ({ kind }) => {
      if (kind !== "PUT blocklist") return "pass";
      setTimeout(
        () =>
          cancel.abort(new HoldfastError("run.cancelled", "the run was cancelled by SIGINT", { hint: "x" })),
        100,
      );
      return "cut-after";
    };
    const manifest = sampleManifest(keyOf("20261122T020000Z-1a2b3c"));
    const error: unknown = await commitManifest(faulty, manifest).catch((thrown: unknown) => thrown);
    expect(await direct.stat(manifestPath(manifest))).not.toBeNull();
    expect((error as Error).message).toContain("is not known");
  });

  it.each<ErrorCode>(["store.unreadable", "store.changed"])(
    "in a folder, whose look at the file after it was linked gives %s, is not called not committed",
    async (code) => {
      const store = new MemoryStore("memory://a");
      const faulty = forwarding(store, {
        put: async (...given) => {
          await store.put(...given);
          throw new HoldfastError(code, "reading manifests/…: ESTALE", { hint: "x" });
        },
      });
      const error: unknown = await commitManifest(
        faulty,
        sampleManifest(keyOf("20261122T020000Z-1a2b3c")),
      ).catch((thrown: unknown) => thrown);
      expect((error as Error).message).toContain("is not known");
    },
  );

  it("is the news also where the run was to stop, and is none where nothing was sent", async () => {
    const store = new MemoryStore("memory://a");
    const manifest = sampleManifest(keyOf("20261122T020000Z-1a2b3c"));
    const gone = forwarding(store, {
      put: () => Promise.reject(new HoldfastError("store.unreachable", "no answer", { hint: "Wait." })),
    });
    const error: unknown = await commitManifest(gone, manifest).catch((thrown: unknown) => thrown);
    const stop = AbortSignal.abort(new HoldfastError("run.cancelled", "the run was cancelled by SIGINT"));
    for (const cancelled of [error, newsOf(error, stop)]) {
      const told = describeFailure(cancelled, (text) => text, true);
      expect(told.code).toBe("run.cancelled");
      expect(told.message).toContain("whether backup 20261122T020000Z-1a2b3c was committed is not known");
      expect(told.hint).toContain("holdfast list");
    }
    const full = forwarding(store, {
      put: () => Promise.reject(new HoldfastError("store.full", "no room", { hint: "Make room." })),
    });
    await expect(commitManifest(full, manifest)).rejects.toMatchObject({ message: "no room" });
  });
});
