import { describe, expect, it } from "@jest/globals";
import { findServer, server } from "../../support/postgres.ts";
import { SERVER_PACKAGES, type ServerVersion } from "../../support/servers/packages.ts";
import { scratchFolder } from "../../support/tools.ts";
import { sampled } from "../../support/sampling.ts";
import { expectNothingLeft, expectProjectTold, PATIENCE_MS, tell } from "./telling.ts";

/**
 * Extensions that a project needs and that these wheels were built without: their demo says so, and tells
 * the rest.
 */
const WITHOUT: Partial<Record<ServerVersion, string>> = {
  "16.2": "citext, pg_trgm, pgcrypto",
  "18.6": "pgcrypto",
};

const COMPLETE = SERVER_PACKAGES.filter(({ complete }) => complete).map(({ version }) => version);

/**
 * Told on the newest, and by the demo's own test on this machine's; a thorough run has them all. The commands
 * themselves run on every server in every run: test/scenarios/matrix.
 */
const TOLD = sampled("servers on which the demo is told", COMPLETE.toReversed(), { every: COMPLETE.length });

/** The demo with server and client programs of complete sets, one after the other. */
describe("npm run demo", () => {
  for (const version of TOLD) {
    const found = findServer(version);
    const title = `passes on PostgreSQL ${version}`;
    if ("reason" in found) {
      it.skip(`${title} (NOT RUN: ${found.reason})`, () => undefined);
      continue;
    }
    it(
      title,
      async () => {
        await using folder = scratchFolder("demo");
        const { code, text } = await tell(folder.path, { binDir: (await server(version)).binDir });
        expect(text).toContain(`PostgreSQL ${version} and Azurite are up`);
        expect(text).toMatch(/✔ every table is as it was/);
        const without = WITHOUT[version];
        if (without === undefined) expectProjectTold(text);
        else {
          expect(text).toMatch(
            new RegExp(
              `Chapter 2: [^]*NOT TOLD HERE: PostgreSQL ${version} in \\S+ comes without ${without}\\.`,
            ),
          );
        }
        expect(text.match(/✔ backup \S+ proved in/g)).toHaveLength(without === undefined ? 3 : 2);
        expect(code).toBe(0);
        await expectNothingLeft(folder.path);
      },
      PATIENCE_MS,
    );
  }
});
