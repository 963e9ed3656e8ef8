import { afterAll, expect } from "@jest/globals";
import { appendFileSync } from "node:fs";
import { spawnSmall } from "../small-spawn.ts";
import { beginReach } from "./reach.ts";

/**
 * Before each file of the other project: `npm test` says at its end whose tests never left the process, and
 * so belong to the fast ones.
 */
const reach = beginReach(undefined);
spawnSmall((call) => {
  reach.first ??= call;
});

afterAll(() => {
  const path = process.env["HOLDFAST_TEST_STAYED"] ?? "";
  if (path !== "" && reach.first === undefined) appendFileSync(path, `${expect.getState().testPath}\n`);
});
