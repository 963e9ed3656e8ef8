import { afterAll, expect } from "@jest/globals";
import { relative } from "node:path";
import { beginReach } from "./reach.ts";

/** Before each file of the fast project: its tests may not leave the process. */
const path = relative(process.cwd(), expect.getState().testPath ?? "");
const wrong = (call: string): Error =>
  new Error(
    `${path} is one of the fast tests (test/fast-files.ts), which start no program and open no connection, ` +
      `but it called ${call}: take it off that list`,
  );
const reach = beginReach(wrong);

// The product may have taken the refusal for an answer.
afterAll(() => {
  if (reach.first !== undefined) throw wrong(reach.first);
});
