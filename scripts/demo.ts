/**
 * npm run demo: a generated database is backed up to an emulated Azure store, proved, destroyed, compared
 * and brought back, a project of the shape of Supabase's moves into a new one, rollbacks that would not have
 * worked are found, and a bad release is taken back as one; with the built command line and nothing but this
 * machine. Everything is stopped and removed at the end, also on Ctrl-C. Exit codes: 0 all is as promised,
 * 1 something is not, 130 and 143 stopped by a signal.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Holdfast } from "./demo/holdfast.ts";
import { Narrator } from "./demo/narrator.ts";
import { BrokenPromise } from "./demo/promise.ts";
import { tell } from "./demo/story.ts";

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

const cancelling = new AbortController();
const folder = mkdtempSync(join(tmpdir(), "holdfast-demo-"));
const runners: Holdfast[] = [];

for (const [signal, code] of Object.entries(SIGNALS)) {
  process.on(signal, () => {
    // Twice: now. The servers' guardians see our end and remove them.
    if (cancelling.signal.aborted) process.exit(code);
    process.stdout.write(`\n${signal}: stopping everything; once more to stop at once\n`);
    process.exitCode = code;
    cancelling.abort(new Error(`stopped by ${signal}`));
  });
}
const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
process.on("exit", () => {
  for (const runner of runners) runner.kill();
  removeFolder();
});

process.stdout.write(
  "Holdfast's demo: back up, prove, destroy, compare, restore; move a whole Supabase project; catch a " +
    "migration that cannot be undone; take a bad release back. Nothing leaves this machine; everything is " +
    "removed at the end.\n",
);
try {
  await using stack = new AsyncDisposableStack();
  await tell({
    narrator: new Narrator(process.stdout, process.env),
    folder,
    cancelled: cancelling.signal,
    keep: (thing) => stack.use(thing),
    onHoldfast: (one) => void runners.push(one),
  });
} catch (error) {
  if (!cancelling.signal.aborted) {
    const words =
      error instanceof BrokenPromise
        ? error.message
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error);
    process.stdout.write(`\n✘ the demo failed: ${words}\n`);
    process.exitCode = 1;
  }
}
removeFolder();
process.stdout.write("Everything is stopped and removed.\n");
