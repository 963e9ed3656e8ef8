import { describe, expect, it } from "@jest/globals";
import { toldChange } from "../../../src/schema/proof/told-change.ts";

describe("what a field was and is", () => {
  it("is told whole where both are short, and where one is not set", () => {
    expect(toldChange("5", "7")).toBe("was 5 and is 7");
    expect(toldChange(undefined, "true")).toBe("was not set and is true");
    expect(toldChange("a\n  b", undefined)).toBe("was a b and is not set");
  });

  it("is told from where long texts part, so that the difference is seen", () => {
    const body = (what: string): string => `BEGIN ${"PERFORM a_step(); ".repeat(30)}${what} END;`;
    const told = toldChange(body("RETURN OLD;"), body("RETURN NEW;"));
    expect(told).toBe(
      "was …PERFORM a_step(); PERFORM a_step(); RETURN OLD; END; and is " +
        "…PERFORM a_step(); PERFORM a_step(); RETURN NEW; END;",
    );
    const other = toldChange(`x${"y".repeat(500)}`, `z${"y".repeat(500)}`);
    expect(other.length).toBeLessThan(350);
    expect(other).toMatch(/^was xy+… and is zy+…$/);
  });

  it("is called white space where nothing else differs", () => {
    expect(toldChange("BEGIN\n  RETURN 1;", "BEGIN RETURN 1;")).toBe(
      "differs in white space alone: BEGIN RETURN 1;",
    );
  });
});
