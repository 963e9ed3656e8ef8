import { expect, it } from "@jest/globals";
import { PatchDigests } from "../../../src/adapters/source-tree/patch-digests.ts";
import { proved } from "../../../src/adapters/source-tree/undone.ts";

const [ONE, OTHER] = ["1".repeat(40), "2".repeat(40)];
const patch = (place: string, text: string): string =>
  [
    "diff --git a/x b/x",
    `index ${place}..${place} 100644`,
    "--- a/x",
    "+++ b/x",
    `@@ -${place} +${place} @@`,
    text,
    "",
  ].join("\n");

function digests(text: string, size: number): ReadonlyMap<string, string> {
  const heard = new PatchDigests();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) heard.hear(bytes.subarray(at, at + size));
  return heard.end();
}

const LOG = `commit ${ONE}\n\n${patch("11", "-old\n+new")}\ncommit ${OTHER}\n\n${patch("222", "-old\n+new")}`;

it("the same change made at another place has the same digest, white space counts", () => {
  const found = digests(LOG, LOG.length);
  expect([...found.keys()]).toEqual([ONE, OTHER]);
  expect(found.get(ONE)).toBe(found.get(OTHER));
  const spaced = digests(LOG.replace("+new\n", "+ new\n"), LOG.length);
  expect(spaced.get(ONE)).not.toBe(spaced.get(OTHER));
});

it.each([1, 2, 3, 7, 8, 9, 64])("pieces of %d bytes make no difference", (size) => {
  expect([...digests(LOG, size)]).toEqual([...digests(LOG, LOG.length)]);
});

it("a commit that changes nothing has none, and what is of no commit is of none", () => {
  expect([...digests(`commit ${ONE}\n\ncommit ${OTHER}\n`, 5)]).toEqual([]);
  expect([...digests(patch("1", "+a"), 5).keys()]).toEqual([""]);
});

it("of a commit that touches other files than it is said to take back no patch is asked for", async () => {
  const asked: string[] = [];
  const found = await proved([{ commit: ONE, undoes: OTHER }], {
    bytes: () => Promise.resolve(Buffer.from(`${ONE} commit 1\n${OTHER} commit 1\n`)),
    digests(args) {
      asked.push(args.includes("-p") ? "patch" : "names");
      const isBack = args.includes("-R");
      return Promise.resolve(new Map([[isBack ? ONE : OTHER, isBack ? "docs" : "everything"]]));
    },
  });
  expect(found).toEqual([]);
  expect(asked).toEqual(["names", "names"]);
});
