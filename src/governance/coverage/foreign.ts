/** A report in a form that is not read. */
interface Foreign {
  readonly name: string;
  /** What its beginning has. */
  readonly is: RegExp;
  /** How to come by one that is read. */
  readonly how: string;
}

const REPORT_GENERATOR = "make Cobertura's of it with ReportGenerator (`-reporttypes:Cobertura`)";

/**
 * Forms that teams have, and that say other things than which lines were run, or say it in a way of their
 * own. By what is at their beginning; no pattern here can take longer than it is long.
 */
const FOREIGN: readonly Foreign[] = [
  {
    name: "JaCoCo's",
    is: /<!DOCTYPE report\b|<report\b[^>]*\bname=/,
    how: REPORT_GENERATOR,
  },
  {
    name: "Clover's",
    is: /<coverage\b[^>]*\b(?:clover|generated)=/,
    how: "PHPUnit writes Cobertura's with `--coverage-cobertura <file>`, jest and Istanbul lcov's with the " +
      "reporter `lcov`",
  },
  {
    name: "OpenCover's",
    is: /<CoverageSession\b/,
    how: `coverlet writes Cobertura's itself (\`--collect:"XPlat Code Coverage"\`); else ${REPORT_GENERATOR}`,
  },
  {
    name: "Visual Studio's",
    is: /<(?:results|CoverageDSPriv)\b/,
    how: "make Cobertura's of it with `dotnet-coverage merge --output-format cobertura`",
  },
  {
    name: "SonarQube's",
    is: /<coverage\b[^>]*\bversion="1"\s*>\s*<file\b/,
    how: "have the tests write lcov's or Cobertura's beside it",
  },
  {
    name: "coverage.py's JSON",
    is: /^\{\s*"meta"\s*:/,
    how: "run `coverage lcov` or `coverage xml` in place of `coverage json`",
  },
  {
    name: "coverage.py's database",
    is: /^SQLite format 3/,
    how: "run `coverage lcov` or `coverage xml`",
  },
  {
    name: "llvm-cov's JSON",
    is: /^\{\s*(?:"data"\s*:\s*\[|"type"\s*:\s*"llvm|"version"\s*:\s*"[^"]{1,50}"\s*,\s*"type"\s*:\s*"llvm)/,
    how: "run `llvm-cov export -format=lcov`",
  },
  {
    name: "V8's",
    is: /^\{\s*"(?:result|timestamp)"\s*:/,
    how: "run `c8 report --reporter=lcov`",
  },
  {
    name: "SimpleCov's",
    is: /^\{\s*"[^"]{1,200}"\s*:\s*\{\s*"coverage"\s*:/,
    how: "write lcov's with the gem simplecov-lcov, or Cobertura's with simplecov-cobertura",
  },
  {
    name: "Go's",
    is: /^mode: (?:set|count|atomic)\r?\n/,
    how: "make Cobertura's of it with `gocover-cobertura`, or lcov's with `gcov2lcov`",
  },
  {
    name: "gcov's",
    is: /^\s*-:\s*0:Source:/,
    how: "run `lcov --capture` or `gcovr --lcov`",
  },
];

/** What is looked at. */
const BEGINNING = 4096;

/**
 * What a report in another form is, in words that follow its name; undefined of one that is none of those.
 */
export function foreignForm(text: string): string | undefined {
  const beginning = text.slice(0, BEGINNING).trimStart();
  // Elements are those of the report, and not in a text that a report in JSON holds.
  const isXml = beginning.startsWith("<");
  const found = FOREIGN.find(({ is }) => is.source.startsWith("<") === isXml && is.test(beginning));
  if (found === undefined) return undefined;
  return `is ${found.name}, which is not read (lcov's, Cobertura's and Istanbul's are): ${found.how}`;
}
