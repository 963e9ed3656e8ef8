/**
 * A writer to be killed: puts an endless stream under `killed/blob` and reports every MiB on stdout. Started
 * by tests as `node put-forever.ts <store url>`; an Azure connection string comes in CONNECTION_STRING.
 */
import { systemClock } from "../../src/adapters/system/clock.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import { Secret } from "../../src/kernel/secret.ts";
import type { BlobStore } from "../../src/ports/blob-store.ts";

const MiB = 1024 * 1024;

async function* endless(): AsyncIterable<Uint8Array> {
  for (let count = 0; ; count += 1) {
    yield Buffer.alloc(MiB, count);
    process.stdout.write(`${count}\n`);
  }
}

async function open(url: string): Promise<BlobStore> {
  if (url.startsWith("file:")) {
    return (await import("../../src/adapters/file-store/file-store.ts")).openFileStore(url, {
      random: systemRandom,
      limits: { silenceMs: 120_000 },
    });
  }
  const { openAzureStore } = await import("../../src/adapters/azure-blob/azure-store.ts");
  return await openAzureStore(
    url,
    { connectionString: new Secret(process.env["CONNECTION_STRING"] ?? "") },
    { clock: systemClock, random: systemRandom },
  );
}

await (await open(process.argv[2] ?? "")).put("killed/blob", endless());
