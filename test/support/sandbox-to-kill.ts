import { readFileSync } from "node:fs";
import { testSandbox } from "./sandbox.ts";

/** A process of its own with a sandbox and a running app, to be killed: node sandbox-to-kill.ts <zip>. */
const box = await testSandbox();
await box.deploy("production", readFileSync(process.argv[2]!));
const { pid } = (await box.visit()).json as { pid: number };
process.stdout.write(`${JSON.stringify({ pid, caFile: box.caFile })}\n`);
