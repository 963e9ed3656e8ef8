import { expect, it } from "@jest/globals";
import { pathToFileURL } from "node:url";
import { storeUrlHint } from "../../../src/entry/inputs/store-url.ts";

it.each([
  ["/root/w/store", "file:///root/w/store"],
  ["./store", pathToFileURL(`${process.cwd()}/store`).href],
  ["my backups".replace(" ", "#"), `${pathToFileURL(process.cwd()).href}/my%23backups`],
])("a path is shown as the URL it has: %s", (path, url) => {
  expect(storeUrlHint(path)).toContain(`A folder is written ${url},`);
});

it.each([
  "s3://bucket/x",
  "DefaultEndpointsProtocol=https;AccountKey=abc==",
  "user:word@host/x",
  "word@host",
])("anything else is not repeated: %s", (text) => {
  expect(storeUrlHint(text)).toBe("Use azure://<account>/<container>[/<prefix>] or file:///<folder>.");
});
