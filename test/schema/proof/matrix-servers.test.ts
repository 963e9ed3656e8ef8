import { describe, expect, it } from "@jest/globals";
import { findServer, startCluster, type ServerVersion } from "../../support/postgres.ts";
import { BROKEN, SOUND } from "./matrix/all.ts";
import { Lab } from "./matrix/lab.ts";
import type { MatrixCase } from "./matrix/matrix-case.ts";
import { casesInTurn } from "../../support/sampling.ts";

/** One of each major but that of the shared installation, which sees the whole matrix. */
const VERSIONS: readonly ServerVersion[] = ["12.22", "13.23", "14.23", "16.2", "17.10", "18.4"];

/** Extensions are not in every package, and the matrix on 15 has them. */
const PLAIN = [...BROKEN, ...SOUND].filter(
  ({ setup = "", forward, rollback }) => !/hstore|citext/.test(`${setup}${forward}${rollback}`),
);

/** What came with a version, and one in twenty of all, others for each major. */
function chosen(major: number): readonly MatrixCase[] {
  const understood = PLAIN.filter(({ since }) => since === undefined || since <= major);
  return understood.filter(({ since }, at) => (since !== undefined && since > 15) || at % 20 === major % 20);
}

describe.each(casesInTurn("pairs on other majors", VERSIONS, { every: 2 }))("PostgreSQL %s", (version) => {
  const found = findServer(version);
  const here = "installation" in found;

  // What could not be had is told at the end of `npm test`.
  (here ? it : it.skip)("judges pairs as every other major", async () => {
    if (!here) throw new Error("unreachable: the test is skipped");
    await using server = await startCluster({ installation: found.installation });
    await using lab = await Lab.open(server);
    const pairs = chosen(lab.shadow.major);
    expect(pairs.length).toBeGreaterThanOrEqual(12);
    for (const pair of pairs) {
      const { proof } = await lab.prove(pair);
      expect({
        name: pair.name,
        verdict: proof.verdict,
        objects: proof.differences.map(({ object }) => object),
      }).toEqual({ name: pair.name, verdict: pair.verdict, objects: pair.objects });
    }
  });
});
