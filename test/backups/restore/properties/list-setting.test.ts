import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { splitListSetting } from "../../../../src/backups/restore/properties/list-setting.ts";

describe("splitListSetting", () => {
  it.each([
    ["", []],
    ["public", ["public"]],
    ['"$user", public', ["$user", "public"]],
    ['"a""b" ,  "c,d",e', ['a"b', "c,d", "e"]],
    ['""', [""]],
  ])("splits %j as the server does", (value, elements) => {
    expect(splitListSetting(value)).toEqual(elements);
  });

  it("gives back what was quoted, whatever the names hold", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 5 }), (names) => {
        expect(splitListSetting(names.map((name) => `"${name.replaceAll('"', '""')}"`).join(", "))).toEqual(
          names,
        );
      }),
    );
  });

  it("never loses or invents text: what is no list is one element", () => {
    expect(splitListSetting('public; alter role x superuser, "open')).toEqual([
      'public; alter role x superuser, "open',
    ]);
    expect(splitListSetting("public;alter/**/role/**/x/**/superuser")).toEqual([
      "public;alter/**/role/**/x/**/superuser",
    ]);
  });
});
