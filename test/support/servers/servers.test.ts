import { describe, expect, it } from "@jest/globals";
import { findServer, server, startCluster } from "../postgres.ts";
import { SERVER_PACKAGES } from "./packages.ts";

describe("the pinned servers", () => {
  for (const { version, complete } of SERVER_PACKAGES) {
    const found = findServer(version);
    const test = "reason" in found ? it.skip : it;
    const why = "reason" in found ? ` (NOT RUN: ${found.reason})` : "";
    test(`start and say that they are PostgreSQL ${version}${why}`, async () => {
      const installation = await server(version);
      expect(installation.client).toBe(complete);
      await using cluster = await startCluster({ installation });
      const [row] = await cluster.admin("select current_setting('server_version') as said");
      expect(row!["said"]).toMatch(new RegExp(`^${version.replace(".", "\\.")}\\b`));
    });
  }
});
