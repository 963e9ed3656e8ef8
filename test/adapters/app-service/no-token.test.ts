import { expect, it } from "@jest/globals";
import { tmpdir } from "node:os";
import { appServiceSlots } from "../../../src/adapters/app-service/slots.ts";
import { LoginFailure } from "../../../src/ports/login-failure.ts";
import { quickClock, within } from "../../support/slot-host.ts";

it.each([
  ["unreachable", "slots.unreachable"],
  ["refused", "slots.denied"],
  ["none", "slots.denied"],
] as const)("a login that is %s is told as %s, in the identity service's own words", async (kind, code) => {
  const host = appServiceSlots(
    { subscription: "00000000-0000-0000-0000-000000000000", group: "shop", site: "shop" },
    {
      endpoint: "https://management.example",
      tokens: { getToken: () => Promise.reject(new LoginFailure(kind, "its own words", "what to do")) },
      version: "0.0.0-test",
      clock: quickClock,
      random: { fraction: () => 0 },
      log: { debug: () => undefined, info: () => undefined },
      temporary: tmpdir(),
    },
  );
  await expect(host.app(within())).rejects.toMatchObject({
    code,
    message: expect.stringContaining("its own words"),
    hint: "what to do",
  });
});
