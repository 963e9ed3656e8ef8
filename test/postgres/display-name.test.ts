import { expect, it } from "@jest/globals";
import { displayName, displayPart, unquoted } from "../../src/postgres/display-name.ts";
import { sharedServer } from "../support/postgres.ts";

it("whatever the server quotes is quoted", async () => {
  const names = (await sharedServer().admin(
    "SELECT word, quote_ident(word) <> word AS quoted FROM pg_get_keywords()",
  )) as unknown as { word: string; quoted: boolean }[];
  expect(names.length).toBeGreaterThan(400);
  expect(names.filter(({ word, quoted }) => quoted && displayPart(word) === word)).toEqual([]);
  expect(names.filter(({ word, quoted }) => !quoted && displayPart(word) !== word).length).toBeLessThan(30);
});

it.each(["a", "order", "Odd", "a b", 'a"b', "a$b", "1a", "_a1", "ä"])(
  "%j is quoted as the server does it",
  async (name) => {
    const [row] = await sharedServer().admin("SELECT quote_ident($1) AS quoted", [name]);
    expect(displayPart(name)).toBe(row!["quoted"]);
  },
);

it("no two names look alike", () => {
  expect(displayName({ schema: "a", name: "b.c" })).not.toBe(displayName({ schema: "a.b", name: "c" }));
});

it("quotes of which servers disagree are no difference, and those that tell names apart are", () => {
  expect(unquoted('constraint public."user"."at"')).toBe("constraint public.user.at");
  const alike = ['a."b.c"', '"a.b".c', '"a"".b".c', 'a."b"".c"', '"A".b', "a.b"];
  expect(new Set(alike.map(unquoted)).size).toBe(alike.length);
});
