import * as z from "zod";
import { glob } from "../patterns/glob.ts";
import { RULE_NAMES } from "./rules/names.ts";
import { REACHES } from "./specifier.ts";

/** `left-pad`, `@supabase/*`; with a version it would fit no name. */
const NAME = z
  .string()
  .max(214)
  .regex(/^(?:@[^@/\s]+\/)?[^@/\s]+$/, "is no name of a package: without a version, such as `@supabase/*`");

/** `esbuild`, `esbuild@0.28.2`; compared as it is written. */
const ALLOWED = z
  .string()
  .regex(
    /^(?:@[^@/\s*]+\/)?[^@/\s*]+(?:@[^\s^~<>=*][^\s]*)?$/,
    "is no package: a name (`esbuild`), or a name and one version (`esbuild@0.28.2`), without * and ranges",
  );

const REACH = z.enum(REACHES);

/** Kinds of ranges that are refused unless they are named. */
const KINDS = ["star", "tag", "git", "http", "file", "patch", "workspace", "catalog"] as const;

/** Whether text is a day that exists, `YYYY-MM-DD`. */
function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

const RANGES = z.strictObject({
  runtime: REACH.default("caret").describe(
    "The widest range that `dependencies` may have: `exact`, `tilde`, `caret` or `any`. " +
      "Narrower ones are well; what counts is what a range means, not how it is written.",
  ),
  dev: REACH.default("caret").describe("The same for `devDependencies`."),
  optional: REACH.default("caret").describe("The same for `optionalDependencies`."),
  peer: REACH.default("any").describe("The same for `peerDependencies`."),
  names: z
    .array(
      z.strictObject({
        name: NAME.describe("Name of packages; `*` stands for anything but `/`: `@supabase/*`."),
        range: REACH.describe("The widest range that they may have, in every group."),
      }),
    )
    .default([])
    .describe("Packages with a range policy of their own. The first that fits counts. Peers are not meant."),
  allow: z
    .array(z.enum(KINDS))
    .default(["workspace", "catalog"])
    .describe(
      "What may stand in place of versions: `star` (`*` or nothing), `tag` (`latest`), `git`, `http`, " +
        "`file`, `patch`, `workspace`, `catalog`. Everything else of this list is refused.",
    ),
});

const SCRIPTS = z.strictObject({
  allow: z
    .array(ALLOWED)
    .default([])
    .describe(
      "Packages whose install scripts were looked at: a name (`esbuild`) for every version, or one version " +
        "(`esbuild@0.28.2`).",
    ),
});

const AUDIT = z.strictObject({
  level: z
    .enum(["low", "moderate", "high", "critical"])
    .default("high")
    .describe("From which severity on a known vulnerability refuses. Milder ones are told as warnings."),
});

const EXCEPTION = z
  .strictObject({
    rule: z.enum(RULE_NAMES).describe("Rule whose finding is excepted."),
    package: glob.describe(
      "Name of the package, with `*` for anything but `/`; for findings about a file its path from the root.",
    ),
    advisory: z
      .string()
      .optional()
      .describe(
        "For the rule `advisory`: its identifier, `GHSA-…`, so that the next one of the package is told.",
      ),
    reason: z.string().trim().min(1).describe("Why, for whoever reads it later."),
    until: z
      .string()
      .refine(isDay, { error: "must be a day that exists, YYYY-MM-DD" })
      .describe("The last day on which it counts, YYYY-MM-DD."),
  })
  .refine(({ rule, advisory }) => (rule === "advisory") === (advisory !== undefined), {
    error: "`advisory` must be given for the rule `advisory`, and only there",
    path: ["advisory"],
  });

const SEVERITY = z.enum(["error", "warning", "note", "off"]);

/** The section `dependencies` of the settings. */
export const DEPENDENCIES = z
  .strictObject({
    ignore: z
      .array(glob)
      .default([])
      .describe("package.json and lock files that are not judged, by path: `test/fixtures/**`."),
    ranges: RANGES.prefault({}).describe("How far the ranges in package.json may reach, by group and name."),
    hosts: z
      .array(
        z.string().regex(/^[a-z0-9.-]+(?::\d+)?$/, { error: "must be a host, lower case, without https://" }),
      )
      .default(["registry.npmjs.org", "registry.yarnpkg.com"])
      .describe(
        "Hosts that packages may come from, as lock files name them. Always by https, or git by ssh.",
      ),
    "install-scripts": SCRIPTS.prefault({}).describe(
      "Which packages may run scripts when they are installed.",
    ),
    audit: AUDIT.prefault({}).describe("When known vulnerabilities refuse."),
    rules: z
      .partialRecord(z.enum(RULE_NAMES), SEVERITY)
      .default({})
      .describe("Severity of single rules: `error` refuses, `warning` and `note` tell, `off` is silent."),
    exceptions: z
      .array(EXCEPTION)
      .default([])
      .describe("Findings that do not count until a day. Expired and unused ones are told."),
  })
  .describe(
    "Lock files, ranges, registries, install scripts and known vulnerabilities of npm, pnpm and yarn.",
  );

/** {@link DEPENDENCIES} with its defaults. */
export type DependencySettings = z.output<typeof DEPENDENCIES>;

/** A finding that does not count until a day. */
export type Exception = DependencySettings["exceptions"][number];
