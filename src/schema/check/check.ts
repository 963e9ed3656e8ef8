import { together } from "../../kernel/together.ts";
import type { Progress } from "../../ports/log.ts";
import { Chain } from "../proof/chain.ts";
import { provePair, watchAlone } from "../proof/prove-pair.ts";
import type { SchemaState } from "../proof/state.ts";
import type { PairProof, RowsRefused } from "../proof/verdict.ts";
import type { PreparedScript } from "../script/prepare.ts";
import { toldFailure, type ScriptFailure } from "../shadow/run-script.ts";
import { givenShadow, privateShadow, type Shadow } from "../shadow/shadow.ts";
import type { Finding } from "./finding.ts";
import type { CheckedMigration, CheckPlan } from "./plan.ts";
import { triedLate } from "./late.ts";
import type { Platform } from "../shadow/platform.ts";
import { platformOf, preludeOf } from "./platform.ts";
import { lookAtStatements } from "./rules/look.ts";
import { SERVER_RULES } from "./rules/server-wide.ts";
import type { CheckPorts } from "./request.ts";
import { unapplied, unproved, wordsOfUnexpected } from "./unexpected.ts";

/** One judged pair. */
export interface JudgedPair {
  readonly checked: CheckedMigration;
  readonly proof: PairProof;
}

/** What migrations were tried on. */
export interface CheckedOn {
  readonly described: string;
  readonly version: string;
  /** Whose things stood there before the first migration. */
  readonly platform: Platform | null;
  /** Made because scripts name them. */
  readonly roles: readonly string[];
  /** Left out because the server lacks them. */
  readonly extensions: readonly string[];
}

/** What a check found. */
export interface Checked {
  readonly pairs: readonly JudgedPair[];
  readonly findings: readonly Finding[];
  /** What was tried on, and with what stood in. */
  readonly shadow: CheckedOn | undefined;
}

/**
 * Carries the plan out on a shadow: every migration is applied, and in front of each judged one its pair is
 * tried.
 */
export async function checkMigrations(plan: CheckPlan, ports: CheckPorts): Promise<Checked> {
  const prelude = preludeOf(plan);
  const judged = plan.migrations.filter((each) => each.judged);
  if (judged.length === 0) return { pairs: [], findings: plan.findings, shadow: undefined };
  const { shadow: given, serverMajor } = plan.request;
  const [first, second] = given === undefined ? splitJudged(plan) : [wholeOf(plan)];
  const scripts = plan.migrations.flatMap(({ forward, rollback }) =>
    rollback === undefined ? [forward] : [forward, rollback],
  );
  await using servers = new AsyncDisposableStack();
  const chainOn = async (): Promise<Chain> => {
    const shadow = servers.use(
      given === undefined ? await privateShadow(serverMajor, ports) : await givenShadow(given, ports),
    );
    return servers.use(await Chain.open(shadow, prelude, scripts));
  };
  const count = judged.length;
  const progress = new WalkProgress(ports, `trying ${count} of ${plan.migrations.length} migrations`, count);
  const [one, other] = await together(ports.cancelled, [
    async (stop) => walk(plan, first!, await chainOn(), stop, ports, progress),
    async (stop) =>
      second === undefined ? undefined : walk(plan, second, await chainOn(), stop, ports, progress),
  ] as const);
  progress.done();
  const walks = other === undefined ? [one] : [one, other];
  const { chain } = walks.at(-1)!;
  const { shadow } = chain;
  const pairs = walks.flatMap((each) => each.pairs);
  const elapsed = (): number => ports.clock.elapsed();
  const late = judged.some((each) => each.late) ? await triedLate(plan, { chain, pairs, elapsed }) : [];
  const extensions = unionOf(walks.map((each) => each.chain.standIns.extensions));
  return {
    pairs,
    findings: [
      ...plan.findings,
      ...otherServer(plan, shadow),
      ...standIns(extensions, judged),
      ...walks.flatMap(({ findings }) => findings),
      ...late,
    ],
    shadow: {
      described: shadow.described,
      version: shadow.version,
      platform: platformOf(plan) ?? null,
      roles: unionOf(walks.map((each) => each.chain.standIns.roles)),
      extensions,
    },
  };
}

function unionOf(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort();
}

/**
 * Migrations from one place of the plan to before another: what one chain judges. It applies
 * everything before.
 */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

const wholeOf = ({ migrations }: CheckPlan): Stretch => ({ from: 0, to: migrations.length });

/** From so many judged pairs on a second server is worth its start. */
const SPLIT_MIN = 40;
/**
 * A schema grows, and a pair costs what there is to be read; the second chain applies first what the
 * first one judges.
 */
const FIRST_SHARE = 0.62;

/**
 * A long folder is judged by two chains side by side, so that two processors work. Each has a server of its
 * own: roles belong to a server, and what one script makes of them the other one must not see.
 */
function splitJudged(plan: CheckPlan): readonly Stretch[] {
  const places = [...plan.migrations.keys()].filter((at) => plan.migrations[at]!.judged);
  if (places.length < SPLIT_MIN) return [wholeOf(plan)];
  const at = places[Math.floor(places.length * FIRST_SHARE)]!;
  return [
    { from: 0, to: at },
    { from: at, to: plan.migrations.length },
  ];
}

/** Progress of chains side by side. */
class WalkProgress {
  readonly #ports: CheckPorts;
  readonly #what: string;
  readonly #total: number;
  #progress: Progress | undefined;

  constructor(ports: CheckPorts, what: string, total: number) {
    this.#ports = ports;
    this.#what = what;
    this.#total = total;
  }

  begin(shadow: Shadow): void {
    if (this.#progress !== undefined) return;
    this.#ports.log.stage(`${this.#what} on ${shadow.described}`);
    this.#progress = this.#ports.log.progress("migrations", "migrations", this.#total);
  }

  tried(): void {
    this.#progress?.add(1);
  }

  done(): void {
    this.#progress?.done();
  }
}

interface Walked {
  readonly chain: Chain;
  readonly pairs: readonly JudgedPair[];
  readonly findings: readonly Finding[];
}

async function walk(
  plan: CheckPlan,
  { from, to }: Stretch,
  chain: Chain,
  stop: AbortSignal,
  ports: CheckPorts,
  progress: WalkProgress,
): Promise<Walked> {
  const pairs: JudgedPair[] = [];
  const findings: Finding[] = [];
  progress.begin(chain.shadow);
  const elapsed = (): number => ports.clock.elapsed();
  const otherwise = async <T>(work: () => Promise<T>, told: (words: string) => T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      return told(await wordsOfUnexpected(chain, error, stop));
    }
  };
  let broken: CheckedMigration | undefined;
  for (const [at, checked] of plan.migrations.slice(0, to).entries()) {
    stop.throwIfAborted();
    const { forward, rollback } = checked;
    const apply = async (after?: SchemaState): Promise<ScriptFailure | undefined> =>
      await otherwise(
        async () => await chain.apply(forward, after),
        (words) => unapplied(forward, words),
      );
    if (checked.judged && at >= from) {
      const proved = await otherwise(
        async () => await provePair(chain, checked, elapsed),
        (words) => unproved(forward, words),
      );
      findings.push(...findingsOf(checked, proved.proof));
      const failure = await apply(proved.after);
      const locks = failure === undefined && rollback !== undefined && proved.proof.rollback.length > 0;
      const seen = locks
        ? await otherwise(
            async () => await watchAlone(chain, rollback, elapsed),
            () => proved.proof.rollback,
          )
        : proved.proof.rollback;
      pairs.push({ checked, proof: withCause({ ...proved.proof, rollback: seen }, broken) });
      if (failure !== undefined) {
        broken ??= checked;
        if (proved.proof.verdict !== "failed") findings.push(failsForGood(failure));
      }
      progress.tried();
    } else {
      const failure = await apply();
      if (failure !== undefined) {
        broken ??= checked;
        if (!checked.judged && at >= from) findings.push(earlierFails(failure));
      }
    }
  }
  return { chain, pairs, findings };
}

/** A later failure may be nothing but the first one's. */
function withCause(proof: PairProof, broken: CheckedMigration | undefined): PairProof {
  if (broken === undefined || proof.verdict !== "failed") return proof;
  return {
    ...proof,
    notes: [
      ...proof.notes,
      `${broken.migration.forward.file} before it did not go through, which may be why`,
    ],
  };
}

function earlierFails(failure: ScriptFailure): Finding {
  const { file, line } = failure;
  return {
    rule: "earlier-file-fails",
    level: "warning",
    file,
    line,
    message:
      "does not go through on the shadow, so what comes after it was tried without: " + toldFailure(failure),
    hint: "Where it needs something of a platform's, give a server that has it with --shadow.",
  };
}

/** When it was tried it was taken back; so something of it was still there, or it depends on when it runs. */
function failsForGood(failure: ScriptFailure): Finding {
  const { file, line } = failure;
  return {
    rule: "fails-for-good",
    level: "error",
    file,
    line,
    message:
      "went through when it was tried, and not when it was applied for those after it: " +
      toldFailure(failure),
    hint: "Look for what it does outside of its database, or at one moment alone, and take that out.",
  };
}

function findingsOf(checked: CheckedMigration, proof: PairProof): Finding[] {
  const { forward, rollback } = checked;
  const syntax = [forward, rollback].flatMap((script) =>
    script?.script.problem === undefined ? [] : [syntaxFinding(script)],
  );
  const empty =
    rollback?.empty === true && proof.verdict !== "missing"
      ? [
          {
            rule: "empty-rollback",
            level: "note",
            file: rollback.source.file,
            line: rollback.source.firstLine,
            message: "holds no statement, and none is needed: the migration changes nothing of the schema",
            hint: "Say in a comment why nothing is to be taken back.",
          } as const,
        ]
      : [];
  const rows = proof.failsWithRows === undefined ? [] : [failsWithRows(proof.failsWithRows)];
  const found = lookAtStatements(forward, proof.forward);
  // Of a pair whose rollback alone is new nobody may change the other file.
  const statements = checked.merged ? found.map((each) => ({ ...each, level: "note" as const })) : found;
  // The rule names the column already.
  return [
    ...syntax,
    ...empty,
    ...(statements.some(({ rule }) => rule === "required-column") ? [] : rows),
    ...statements,
    ...(rollback === undefined ? [] : lookAtStatements(rollback, [], SERVER_RULES)),
  ];
}

function syntaxFinding({ source, script }: PreparedScript): Finding {
  return {
    rule: "syntax",
    level: "error",
    file: source.file,
    line: script.problem!.line,
    message: script.problem!.message,
    hint: script.problem!.hint ?? "Correct it: no server would take the file.",
  };
}

function failsWithRows({ certain, beside, failure: { file, line, message } }: RowsRefused): Finding {
  if (!certain) {
    return {
      rule: "rows-may-refuse",
      level: "warning",
      file,
      line,
      message:
        `goes through on empty tables; with the rows that were made here the server says ${message}. ` +
        (beside === true
          ? "What the pair does to rows was tried without those of other tables"
          : "What the pair does to rows was not tried"),
      hint:
        "Whether your rows are such is not known here: try it on a restored backup first, and mend the " +
        "rows in a migration before.",
    };
  }
  return {
    rule: "fails-with-rows",
    level: "error",
    file,
    line,
    message: `goes through on empty tables alone: with rows the server says ${message}`,
    hint: "Give the column a DEFAULT, or fill it before it is made NOT NULL.",
  };
}

function otherServer({ request }: CheckPlan, shadow: Shadow): Finding[] {
  if (request.serverMajor === undefined || request.serverMajor === shadow.major) return [];
  return [
    {
      rule: "other-server",
      level: "warning",
      file: "",
      line: 1,
      message:
        `was tried on PostgreSQL ${shadow.major}, because this machine has no ${request.serverMajor}: ` +
        "what one takes the other may refuse",
      hint: `Install PostgreSQL ${request.serverMajor}, or give a server of it with --shadow.`,
    },
  ];
}

function standIns(extensions: readonly string[], judged: readonly CheckedMigration[]): Finding[] {
  const [first] = judged;
  return extensions.length === 0
    ? []
    : [
        {
          rule: "missing-extension",
          level: "note",
          file: first!.migration.forward.file,
          line: 1,
          message:
            `extensions that this machine does not have were left out: ${extensions.join(", ")}; what ` +
            "needs them could not be tried",
          hint: "Install them beside the server, or give a server that has them with --shadow.",
        },
      ];
}
