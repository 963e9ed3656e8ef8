import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/**
 * Starts a process that puts an endless stream under `killed/blob`, and kills it with SIGKILL
 * after `mebibytes`.
 */
export async function killWriter(
  url: string,
  mebibytes: number,
  env: Record<string, string> = {},
): Promise<void> {
  const script = fileURLToPath(new URL("put-forever.ts", import.meta.url));
  const writer = spawn(process.execPath, [script, url], {
    env: { ...process.env, ...env, NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  writer.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const ended = once(writer, "exit");
  let lines = 0;
  for await (const chunk of writer.stdout) {
    lines += (chunk as Buffer).toString().split("\n").length - 1;
    if (lines >= mebibytes) break;
  }
  writer.kill("SIGKILL");
  const [, signal] = (await ended) as [number | null, string | null];
  if (signal !== "SIGKILL") throw new Error(`the writer ended by itself: ${errors}`);
}
