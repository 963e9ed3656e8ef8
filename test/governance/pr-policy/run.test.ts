import { expect, it } from "@jest/globals";
import { runPrPolicy } from "../../../src/governance/pr-policy/run.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";

it("says that the store answered", async () => {
  const store = new MemoryStore();
  const ports = { openStore: () => Promise.resolve(store) };
  expect(await runPrPolicy({ store: store.url, storeSecret: undefined }, ports)).toMatchObject({
    exit: 0,
    outputs: { store: store.url },
  });
});
