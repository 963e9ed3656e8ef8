import { describe, expect, it } from "@jest/globals";
import type { Manifest } from "../../../src/nouns/catalog/manifest.ts";
import type { Ports } from "../../../src/ports/ports.ts";
import { openScratchHosts } from "../../../src/backups/validate/scratch.ts";
import { testPorts } from "../../support/test-ports.ts";

/** A manifest as far as choosing a server looks at it. */
const of = (major: number, size: number): Manifest =>
  ({ server: { major }, artifacts: [{ plain: { size } }] }) as unknown as Manifest;

describe("private servers for backups of several majors", () => {
  it("are each of the backup's own major, one at a time, with room for the biggest of its kind", async () => {
    const events: string[] = [];
    const ports: Ports = {
      ...testPorts(),
      scratchServers: () =>
        Promise.resolve({
          available: () => Promise.resolve({ major: 18 }),
          start: ({ bytesNeeded, majorMin }) => {
            events.push(`start ${majorMin} with ${bytesNeeded}`);
            return Promise.resolve({
              major: majorMin!,
              address: () => {
                throw new Error("not asked for");
              },
              [Symbol.asyncDispose]: () => {
                events.push(`stop ${majorMin}`);
                return Promise.resolve();
              },
            });
          },
        }),
    };
    const manifests = [of(15, 1000), of(17, 9000), of(15, 4000)];
    {
      await using hosts = openScratchHosts(undefined, manifests, ports);
      for (const manifest of [manifests[0]!, manifests[2]!, manifests[1]!]) {
        expect((await hosts.hostFor(manifest)).described).toBe(
          `a private PostgreSQL ${manifest.server.major} server`,
        );
      }
    }
    expect(events).toEqual(["start 15 with 10000", "stop 15", "start 17 with 22500", "stop 17"]);
  });
});
