import { expect } from "@jest/globals";
import { httpsCall } from "../support/https-call.ts";
import { appOf } from "../support/sandbox.ts";
import { slotsInSandbox } from "../support/slot-host.ts";
import { slotHostLaws } from "./slot-host.laws.ts";

slotHostLaws("App Service, played by the sandbox,", async () => {
  const { box, host } = await slotsInSandbox();
  const { box: other, host: stranger } = await slotsInSandbox({ site: "nobody" });
  return {
    host,
    stranger,
    packageOf: (build) => appOf(build),
    visit: async (address) => (await httpsCall(address, { ca: box.ca })).json,
    [Symbol.asyncDispose]: async () => {
      await box[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
      expect(box.bugs).toEqual([]);
    },
  };
});
