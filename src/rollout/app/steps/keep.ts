import { formatBytes } from "../../../kernel/bytes.ts";
import type { Step } from "../../../nouns/runbook/runbook.ts";
import type { AppPackage } from "../../../ports/slot-host.ts";
import type { PackageShelf } from "../package-shelf.ts";
import { APPLICATION, MINUTE_MS } from "./on-app.ts";

/** A gigabyte to a store far away. */
const TIMEOUT_MS = 60 * MINUTE_MS;

/** The package is in the store, so that a rollback has it when the slot holds something else. */
export function keepStep(shelf: PackageShelf, pack: AppPackage): Step {
  const size = formatBytes(pack.bytes);
  return {
    id: "keep",
    title: "keep the package in the store",
    component: APPLICATION,
    isRepeatable: true,
    timeoutMs: TIMEOUT_MS,
    retry: { attempts: 3, pauseMs: 1_000, mayHelp: () => true },
    // Nothing was begun yet: what nobody could go back to is not brought to production.
    onFailure: "stop",
    async observe() {
      return (await shelf.has(pack.digest))
        ? { kind: "true", what: `the store has the package (${size})` }
        : { kind: "missing", what: `keep the package in the store (${size})` };
    },
    async act() {
      await shelf.keep(pack);
    },
    undo: "not-needed",
  };
}
