import { describe, expect, it } from "@jest/globals";
import { findServer, server } from "../support/postgres.ts";
import { SERVER_PACKAGES } from "../support/servers/packages.ts";
import { scratchFolder } from "../support/tools.ts";
import { expectNothingLeft, PATIENCE_MS, tell } from "./telling.ts";

/** The demo with server and client programs of each complete set, one after the other. */
describe("npm run demo", () => {
  for (const { version } of SERVER_PACKAGES.filter(({ complete }) => complete)) {
    const found = findServer(version);
    const title = `passes on PostgreSQL ${version}`;
    if ("reason" in found) {
      it.skip(`${title} (NOT RUN: ${found.reason})`, () => undefined);
      continue;
    }
    it(title, async () => {
      await using folder = scratchFolder("demo");
      const { code, text } = await tell(folder.path, { binDir: (await server(version)).binDir });
      expect(text).toContain(`PostgreSQL ${version} and Azurite are up`);
      expect(text).toMatch(/✔ every table is as it was/);
      expect(text.match(/✔ backup \S+ proved in/g)).toHaveLength(2);
      expect(code).toBe(0);
      await expectNothingLeft(folder.path);
    }, PATIENCE_MS);
  }
});
