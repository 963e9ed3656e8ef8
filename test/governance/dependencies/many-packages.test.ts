import { beforeAll, describe, expect, it } from "@jest/globals";
import { judgeDependencies } from "../../../src/governance/dependencies/judge.ts";
import { DEPENDENCIES } from "../../../src/governance/dependencies/settings.ts";
import { filesOf, FORMS, type Made, type Tree } from "./locks.ts";
import { processorMs } from "../../support/processor-time.ts";

const COUNT = 5_000;

/** Each needs up to three that come after it, so that the first ones bring all of them. */
function generated(moved: boolean): Tree {
  const name = (index: number): string =>
    index % 7 === 0 ? `@scope-${index % 50}/package-${index}` : `package-${index}`;
  const version = (index: number): string =>
    [(index % 9) + (moved && index % 500 === 1 ? 1 : 0), index % 30, moved && index % 50 === 2 ? 1 : 0].join(
      ".",
    );
  const packages = Array.from({ length: COUNT }, (_, index): Made => {
    const needed = [index * 2 + 1, index * 2 + 2, index + 7].filter((each) => each < COUNT);
    return {
      name: name(index),
      version: version(index),
      ...(needed.length === 0
        ? {}
        : { needs: Object.fromEntries(needed.map((each) => [name(each), version(each)])) }),
    };
  });
  const asked = Object.fromEntries(packages.slice(0, 40).map((made) => [made.name, made.version]));
  return { asked, packages };
}

/** Those that are read in different ways. */
const READERS = FORMS.filter(({ form }) => ["npm 3", "pnpm 9.0", "yarn 1", "yarn 4"].includes(form));

describe.each(READERS)(`a lock file of ${COUNT} packages of $form`, ({ file, write }) => {
  let verdict: ReturnType<typeof judgeDependencies>;
  let took = 0;

  beforeAll(() => {
    const [before, after] = [filesOf(generated(false), file, write), filesOf(generated(true), file, write)];
    const settings = DEPENDENCIES.parse({});
    const started = processorMs();
    verdict = judgeDependencies({ before, after, settings, today: "2026-06-15", audit: null });
    took = processorMs() - started;
  });

  it("is read whole, twice, compared and judged without an error", () => {
    expect(verdict.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    const [difference] = verdict.difference.locks;
    const kinds = Map.groupBy(difference?.changes ?? [], ({ kind }) => kind);
    expect([...kinds].map(([kind, changes]) => [kind, changes.length])).toEqual([["upgraded", 110]]);
    expect(difference?.changes.filter(({ major }) => major).length).toBeGreaterThanOrEqual(10);
  });

  it("takes seconds at most", () => {
    // Two of 1.5 MB: a second or two for YAML, a third of that for JSON.
    expect(took).toBeLessThan(10_000);
  });
});
