import type { PairDifference, PairProof } from "../proof/verdict.ts";
import type { PreparedScript } from "../script/prepare.ts";
import { readWaivers, type Waiver } from "../script/waivers.ts";
import type { Checked, JudgedPair } from "./check.ts";
import type { Finding } from "./finding.ts";

/** A judged pair, and why what was found is allowed. */
export interface WaivedPair extends JudgedPair {
  /** Reasons, where the verdict no longer counts. */
  readonly waived: string | undefined;
}

/** What a check found, with what the files' own comments allow. */
export interface Waived extends Omit<Checked, "pairs"> {
  readonly pairs: readonly WaivedPair[];
}

/** A waiver, the file it stands in, and whether it allowed anything. */
interface Standing extends Waiver {
  readonly file: string;
  used: boolean;
}

/**
 * Rules that say what is done with what a person cannot allow by a comment: history, and comments
 * themselves.
 */
const NEVER = new Set([
  "edited-after-merge",
  "deleted-after-merge",
  "malformed-waiver",
  "unused-waiver",
  "same-version",
  "before-first-mark",
  "unclear-mark",
]);

/**
 * Applies the waivers of the judged files: `-- holdfast: allow <verdict or rule> [<object>] because
 * <reason>`. What is allowed is still told. One that
 * allows nothing is told too: the next difference must not meet it.
 */
export function applyWaivers(checked: Checked): Waived {
  const standing = new Map<string, Standing[]>();
  const malformed: Finding[] = [];
  for (const {
    checked: { forward, rollback },
  } of checked.pairs) {
    const files = [forward, rollback].filter((script): script is PreparedScript => script !== undefined);
    const found = files.flatMap(({ source: { file, text, firstLine, before = "" } }) => {
      const read = readWaivers(before + text, firstLine - (before.split("\n").length - 1));
      for (const { line, text: said } of read.malformed) {
        malformed.push({
          rule: "malformed-waiver",
          level: "error",
          file,
          line,
          message: `${said} allows nothing`,
          hint: "Write `-- holdfast: allow <verdict or rule> [<object>] because <reason>`.",
        });
      }
      return read.waivers.map((waiver) => ({ ...waiver, file, used: false }));
    });
    for (const { source } of files) standing.set(source.file, found);
  }
  const pairs = checked.pairs.map((pair) => ({
    ...pair,
    waived: waivedVerdict(pair.proof, standing.get(pair.checked.forward.source.file) ?? []),
  }));
  const findings = checked.findings.map((finding) =>
    waivedFinding(finding, standing.get(finding.file) ?? []),
  );
  const unused = [...new Set([...standing.values()].flat())]
    .filter(({ used }) => !used)
    .map(({ file, line, what, object }): Finding => ({
      rule: "unused-waiver",
      level: "warning",
      file,
      line,
      message: `nothing was found that 'allow ${what}${object === undefined ? "" : ` ${object}`}' allows`,
      hint: "Take it out, so that it does not allow what comes later.",
    }));
  return { ...checked, pairs, findings: [...findings, ...malformed, ...unused] };
}

/** A verdict no longer counts where every one of its differences is allowed. */
function waivedVerdict(proof: PairProof, waivers: readonly Standing[]): string | undefined {
  const allowing = ({ verdict = proof.verdict, object }: Partial<PairDifference>): Standing | undefined =>
    waivers.find((each) => each.what === verdict && (each.object === undefined || each.object === object));
  // A verdict without differences is allowed by a waiver that names no object, and by no other.
  const found = proof.differences.length === 0 ? [allowing({})] : proof.differences.map(allowing);
  const used = found.filter((each) => each !== undefined);
  for (const each of used) each.used = true;
  return used.length < found.length ? undefined : [...new Set(used.map(({ reason }) => reason))].join("; ");
}

function waivedFinding(finding: Finding, waivers: readonly Standing[]): Finding {
  if (NEVER.has(finding.rule)) return finding;
  const found = waivers.find(
    ({ what, object }) => what === finding.rule && (object === undefined || object === finding.object),
  );
  if (found === undefined) return finding;
  found.used = true;
  return { ...finding, waived: found.reason };
}
