import * as z from "zod";
import { repositoryPath } from "./repository-path.ts";

const key = z.union([z.string().min(1).max(500), z.array(z.string().max(200)).min(1).max(20)]);

const versionFile = z.strictObject({
  path: repositoryPath.describe("The file, from the repository's root."),
  key: key
    .optional()
    .describe(
      "Where the version stands in JSON or YAML: `version`, `image.tag`, or a list of keys where one holds " +
        'a dot or is empty: `[packages, "", version]`. Without it package.json and npm\'s lock files have ' +
        "their own places, and of any other file the lines that say `x-holdfast-version` count.",
    ),
});
export type VersionFile = z.infer<typeof versionFile>;

/** The key `version-files` of the section `release`. */
export const versionFilesSetting = z
  .array(versionFile)
  .max(100)
  .optional()
  .describe(
    "Files that a release writes its version into; each must be there. By default package.json, where it " +
      "has a version, and package-lock.json beside it. `[]` for none.",
  );
