import { parseArgs } from "node:util";

/** Parts of the benchmark that can be run by themselves, besides the ids of contestants. */
export const PARTS = [
  "backup",
  "memory",
  "cold",
  "restore",
  "migrations",
  "policy",
  "release",
  "functions",
  "rollback",
] as const;
export type Part = (typeof PARTS)[number];

/** What to run. */
export interface Options {
  /** Megabytes (10^6 bytes) of rows in the generated database. */
  readonly mb: number;
  readonly rounds: number;
  /** Parts, and ids of contestants; everything when empty. */
  readonly only: readonly string[];
  /** Measure memory at 7 GB too. */
  readonly big: boolean;
  /** Write docs/benchmark.json, .md and .svg, and the README's table. */
  readonly write: boolean;
}

export const USAGE = `npm run bench -- [--mb 700] [--rounds 3] [--only <part or contestant>,…]
                  [--big] [--write]

  --mb       megabytes of rows in the generated database
  --rounds   interleaved runs of every contestant; medians are reported
  --only     parts (${PARTS.join(", ")}) or contestants (floor, holdfast, holdfast-proof, restic,
             pgdump, strategy)
  --big      measure memory with a 7 GB database too (needs about 20 GB of disk and ten minutes more)
  --write    write the results to docs/benchmark.json, .md and .svg, and into the README
`;

/** @throws with a sentence for people when the arguments are wrong */
export function parseOptions(args: readonly string[]): Options | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      mb: { type: "string", default: "700" },
      rounds: { type: "string", default: "3" },
      only: { type: "string", default: "" },
      big: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const number = (name: "mb" | "rounds", min: number): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < min) {
      throw new Error(`--${name} is '${values[name]}', which is not a whole number from ${min} on`);
    }
    return value;
  };
  const only = values.only
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
  const options = {
    mb: number("mb", 5),
    rounds: number("rounds", 1),
    only,
    big: values.big,
    write: values.write,
  };
  if (options.write && (only.length > 0 || options.rounds < 3)) {
    throw new Error(
      "--write needs a whole run of at least 3 rounds: results stand side by side or not at all",
    );
  }
  return options;
}

/** Whether a part is to be run; naming a contestant asks for the part `backup`. */
export function wants({ only }: Options, part: Part): boolean {
  return (
    only.length === 0 ||
    only.includes(part) ||
    (part === "backup" && only.some((word) => !(PARTS as readonly string[]).includes(word)))
  );
}

/** Whether a contestant is to be run. */
export function wantsContestant({ only }: Options, id: string): boolean {
  const named = only.filter((word) => !(PARTS as readonly string[]).includes(word));
  return named.length === 0 || named.includes(id);
}
