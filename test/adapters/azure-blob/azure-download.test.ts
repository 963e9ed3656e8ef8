import { Readable } from "node:stream";
import type { ContainerClient } from "@azure/storage-blob";
import { describe, expect, it } from "@jest/globals";
import { download, type DownloadSource } from "../../../src/adapters/azure-blob/azure-download.ts";
import { isHoldfastError } from "../../../src/kernel/errors.ts";
import { codeOf, measure } from "../../ports/blob-store.laws.ts";

/**
 * A container whose every download announces 10 bytes and gives these bodies in turn, each ending
 * without an error.
 */
function sourceOf(bodies: readonly string[], ranges: number[]): DownloadSource {
  let next = 0;
  const blob = {
    download: async (start: number) => {
      ranges.push(start);
      return {
        contentLength: 10,
        etag: "e",
        readableStreamBody: Readable.from([Buffer.from(bodies[next++] ?? "")]),
      };
    },
  };
  const retry = {
    attempts: 3,
    firstDelayMs: 1,
    delayMsMax: 1,
    isTransient: (error: unknown) => isHoldfastError(error, "store.unreachable"),
    sleep: async () => undefined,
    random: () => 0,
  };
  const container = { getBlobClient: () => blob } as unknown as ContainerClient;
  return {
    container,
    place: { account: "acct", container: "c" },
    name: "p/a",
    path: "a",
    retry,
    answerMs: 1000,
    idleMs: 1000,
  };
}

describe("download", () => {
  it("takes a body that ends early without an error for a broken connection, and asks again", async () => {
    const ranges: number[] = [];
    const { size, content } = await download(sourceOf(["0123", "45", "6789"], ranges), 100, undefined);
    expect([size, (await measure(content)).size, ranges]).toEqual([10, 10, [100, 104, 106]]);
  });

  it("throws when the rest never comes", async () => {
    const ranges: number[] = [];
    const { content } = await download(sourceOf(["0123"], ranges), 0, undefined);
    expect(await codeOf(measure(content))).toBe("store.unreachable");
    expect(ranges).toEqual([0, 4, 4]);
  });

  it("throws when more comes than was announced", async () => {
    const { content } = await download(sourceOf(["0123456789ab"], []), 0, undefined);
    expect(await codeOf(measure(content))).toBe("store.unreachable");
  });
});
