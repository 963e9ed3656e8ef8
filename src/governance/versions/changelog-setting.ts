import * as z from "zod";
import { repositoryPath } from "./repository-path.ts";

/** The key `changelog` of the section `release`. */
export const changelogSetting = z
  .union([repositoryPath, z.literal(false)])
  .default("CHANGELOG.md")
  .describe(
    "The file that a release's notes are written into; made where it is not there. `false` for none.",
  );
