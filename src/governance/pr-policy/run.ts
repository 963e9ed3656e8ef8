import { EXIT } from "../../kernel/errors.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { Ports } from "../../ports/ports.ts";

/** The parsed inputs of `holdfast pr-policy`. */
export interface PrPolicyInputs {
  readonly store: string;
  readonly storeSecret: Secret | undefined;
}

/** `holdfast pr-policy`: see src/commands/governance/pr-policy.ts. */
export async function runPrPolicy(inputs: PrPolicyInputs, ports: Pick<Ports, "openStore">): Promise<Outcome> {
  const store = await ports.openStore(inputs.store, inputs.storeSecret);
  await store.check(false);
  return {
    exit: EXIT.done,
    outputs: { store: store.url },
    report: { good: true, headline: `${store.url} answered`, tables: [], notes: [] },
  };
}
