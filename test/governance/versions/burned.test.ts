import { describe, expect, test } from "@jest/globals";
import { freeVersion, isBurned } from "../../../src/governance/versions/burned.ts";
import { release } from "../../../src/governance/versions/settings.ts";

describe("instead of a version that is burned", () => {
  test.each([
    ["1.3.0", [], "1.3.0"],
    ["1.3.0", ["1.3.0"], "1.3.1"],
    ["1.3.0", ["1.3.1", "1.3.0"], "1.3.2"],
    ["2.0.0", ["2.0.0", "1.3.0"], "2.0.1"],
    ["1.3.0-rc.1", ["1.3.0-rc.1"], "1.3.0-rc.2"],
    ["1.3.0-rc.3", ["1.3.0"], "1.3.1-rc.1"],
    ["1.3.0-rc.1", ["1.3.0", "1.3.1-rc.1"], "1.3.1-rc.2"],
    ["1.3.0", ["1.3.0-rc.1"], "1.3.0"],
  ])("%s of %j comes %s", (version, burned, free) => {
    expect(freeVersion(version, { burned })).toBe(free);
    expect(isBurned(version, { burned })).toBe(version !== free);
  });

  test("what is no version is refused", () => {
    expect(release.parse({ burned: ["1.3.0", "1.3.0-rc.1"] }).burned).toEqual(["1.3.0", "1.3.0-rc.1"]);
    for (const wrong of ["v1.3.0", "1.3", "1.3.0+5", "01.3.0", ""]) {
      expect(release.safeParse({ burned: [wrong] }).success).toBe(false);
    }
  });
});
