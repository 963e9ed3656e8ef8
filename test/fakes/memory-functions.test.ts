import { functionHostLaws } from "../ports/function-host.laws.ts";
import { newShelf, PROJECT } from "../support/supabase/new-shelf.ts";
import { MemoryFunctions } from "./memory-functions.ts";

functionHostLaws("The fake in memory", async () => ({
  host: new MemoryFunctions(PROJECT, newShelf()),
  async [Symbol.asyncDispose]() {
    // Nothing runs.
  },
}));
