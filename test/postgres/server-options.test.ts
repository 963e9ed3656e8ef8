import { describe, expect, it } from "@jest/globals";
import { sessionSettings } from "../../src/adapters/postgres/start-up.ts";
import { LOST_CLIENT } from "../../src/postgres/keep-alive.ts";
import { parseDatabaseUrl } from "../../src/postgres/database-url.ts";
import { OWN_SETTINGS, readServerOptions, WITHOUT_EFFECT } from "../../src/postgres/server-options.ts";

describe("the settings in a URL's options", () => {
  it.each([
    ["-c geqo=off", [["geqo", "off"]]],
    [
      "-cgeqo=off  --work-mem=1MB",
      [
        ["geqo", "off"],
        ["work_mem", "1MB"],
      ],
    ],
    [
      "-c DateStyle=ISO,\\ DMY -c a.b=x=y",
      [
        ["datestyle", "ISO, DMY"],
        ["a.b", "x=y"],
      ],
    ],
    ["-c role=back\\\\slash", [["role", "back\\slash"]]],
    ["endpoint=ep-1 project=x -S 64 -c", []],
    ["-c =x -c nothing", []],
    ["", []],
  ])("are read as the server reads them: %s", (options, expected) => {
    expect(readServerOptions(options).map(({ name, value }) => [name, value])).toEqual(expected);
  });

  it("are refused where every session of ours has its own, which the list knows", () => {
    const ours = sessionSettings({ purpose: "test" }).map(({ name }) => name);
    const obeyed = LOST_CLIENT.map(({ name }) => name);
    for (const name of ours) expect([...OWN_SETTINGS, ...WITHOUT_EFFECT, ...obeyed]).toContain(name);
    for (const name of OWN_SETTINGS) {
      const url = `postgresql://u:p@h/d?options=${encodeURIComponent(`-c ${name}=5`)}`;
      expect(() => parseDatabaseUrl(url, "x")).toThrow(`its options set ${name}`);
    }
    for (const name of obeyed) {
      const url = `postgresql://u:p@h/d?options=${encodeURIComponent(`-c ${name}=5`)}`;
      const { options } = parseDatabaseUrl(url, "x");
      const set = sessionSettings({ purpose: "test" }, options).map((one) => one.name);
      expect(set).toEqual(ours.filter((one) => one !== name));
    }
    for (const name of WITHOUT_EFFECT) {
      const url = `postgresql://u:p@h/d?options=${encodeURIComponent(`-c ${name}=app`)}`;
      expect(parseDatabaseUrl(url, "x").options).toBe(`-c ${name}=app`);
    }
  });
});
