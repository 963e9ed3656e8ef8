import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { SITUATIONS } from "./situations.ts";

/** A test that was renamed or removed is missed here, by the situation that nobody shows any more. */
describe.each(SITUATIONS)("$about", ({ reports, shown }) => {
  it.each(shown)("is shown in %s: %s", (file, title) => {
    expect(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8")).toContain(title);
  });

  it("names reports as their trackers do", () => {
    for (const report of reports) expect(report).toMatch(/^[\w.-]+\/[\w.-]+#\d+$/);
  });
});
