import type { SourceChange } from "../../ports/source-history.ts";
import type { ReportedFile } from "../coverage/report.ts";
import { fits } from "../../kernel/path-pattern.ts";
import type { CoveragePolicy } from "./settings.ts";

/** Whether a changed file, by its path, is one that reports must know. */
export type IsSource = (path: string) => boolean;

/** Files that tests are made of, or that hold no code to run. */
const NO_SOURCES = [
  "**/*.test.*",
  "**/*.spec.*",
  "**/*_test.*",
  "**/test_*.py",
  "**/conftest.py",
  "**/__tests__/**",
  "**/__mocks__/**",
  "test/**",
  "tests/**",
  "**/test/**",
  "**/tests/**",
  "**/*.d.ts",
  "**/*.config.*",
  "**/*.stories.*",
  "dist/**",
  "build/**",
  "vendor/**",
];
/**
 * Kinds of files that hold code to run. One of them that no report knows is told: it may be what nobody
 * measures.
 */
const CODE = new Set(
  (
    "js jsx cjs cjsx mjs mjsx ts tsx cts ctsx mts mtsx vue svelte py rb go rs java kt kts scala groovy " +
    "cs fs vb c cc cpp cxx m mm swift php pl pm ex exs erl clj dart lua r jl hs ml"
  ).split(" "),
);

const isCode = (path: string): boolean => CODE.has(path.slice(path.lastIndexOf(".") + 1).toLowerCase());

/** What is to be measured when it is changed: as declared, else of kinds that the reports know. */
export function sourcesOf({ sources, exclude }: CoveragePolicy, reported: readonly ReportedFile[]): IsSource {
  const kinds = kindsOf(reported);
  return (path) =>
    !exclude.some((each) => fits(each, path)) &&
    (sources.length > 0
      ? sources.some((each) => fits(each, path))
      : ending(path).some((kind) => kinds.has(kind)) && !isNoSource(path));
}

/** Changed files with code, of kinds that no report knows: where nothing is declared nobody asks for them. */
export function otherKinds(
  { sources, exclude }: CoveragePolicy,
  reported: readonly ReportedFile[],
  changes: readonly SourceChange[],
): string[] {
  if (sources.length > 0) return [];
  const kinds = kindsOf(reported);
  return changes
    .filter(({ path, isFile, lines }) => isFile && lines.length > 0 && isCode(path) && !isNoSource(path))
    .map(({ path }) => path)
    .filter((path) => !ending(path).some((kind) => kinds.has(kind)))
    .filter((path) => !exclude.some((each) => fits(each, path)));
}

const isNoSource = (path: string): boolean => NO_SOURCES.some((each) => fits(each, path));

function kindsOf(reported: readonly ReportedFile[]): ReadonlySet<string> {
  return new Set(reported.flatMap(({ places }) => ending(places[0] ?? "")));
}

function ending(path: string): string[] {
  const found = /\.[A-Za-z0-9]+$/.exec(path)?.[0];
  return found === undefined ? [] : [found];
}
