import { rollbackNameOf } from "../script/rollback-name.ts";
import { serverWide } from "../script/server-wide.ts";
import { SHADOW_PREFIX } from "../shadow/prefix.ts";
import { toldFailure } from "../shadow/run-script.ts";
import { compareStates, isOnlyOrder, type StateDifference } from "./compare-states.ts";
import { changedObject, failedObject } from "./failed-object.ts";
import type { SchemaState } from "./state.ts";
import type { Pair, Tried } from "./tried.ts";
import type { RowsTried } from "./rows-tried.ts";
import type { PairDifference, PairProof, Verdict } from "./verdict.ts";
import { describeDifference } from "./told-difference.ts";

/** How the message of a difference in the order of columns begins. */
export const COLUMN_ORDER_TOLD = "has its columns in another order";

const AFTER_ROLLBACK = { missing: "is missing after the rollback", extra: "is left behind by the rollback" };
const AFTER_AGAIN = {
  missing: "is missing when the migration is applied again after its rollback",
  extra: "is more when the migration is applied again after its rollback",
};

/**
 * What is to be said of a pair that was tried.
 *
 * @param extensionsLeft extensions that this machine lacks, made by the forward script and not taken back
 * @param rows what became of rows, where the scripts went through
 */
export function judge(
  pair: Pair,
  before: SchemaState,
  tried: Tried,
  extensionsLeft: readonly string[],
  rows?: RowsTried,
): Pick<PairProof, "verdict" | "differences" | "notes"> {
  const { failed, back, again, after } = tried;
  const notes = [
    ...nothingToTakeBack(pair),
    ...leftOutOf(pair),
    ...ofTheServer(tried),
    ...tried.notes,
    ...(rows?.notes ?? []),
  ];
  const isReal = (difference: StateDifference): boolean => !isOnlyOrder(difference);
  // What a rollback leaves behind stands in the way of the next forward: that is its consequence, and not
  // told beside it.
  // Those that this machine lacks are in no state; what becomes of them the scripts alone say.
  const extensions = extensionsLeft.map((name) => ({
    object: `extension ${name}`,
    message: AFTER_ROLLBACK.extra,
  }));
  const differs = back.some(isReal) || extensions.length > 0;
  const differences: readonly PairDifference[] = [
    ...(failed === undefined || (differs && failed.stage === "again")
      ? []
      : [failureAsDifference(failed, [before, ...(after === undefined ? [] : [after])])]),
    ...back.map((each) => asDifference(each, AFTER_ROLLBACK)),
    ...extensions,
    ...(differs
      ? []
      : again
          .filter((each) => isReal(each) || back.length === 0)
          .map((each) => asDifference(each, AFTER_AGAIN))),
  ];
  // Of a column that is another one by now its values are told with it.
  const told = new Set(differences.flatMap(({ object, at }) => (at === undefined ? [object] : [])));
  const ofRows = (rows?.differences ?? []).filter(
    ({ object, at }) => object === "" || at !== undefined || !told.has(object),
  );
  const verdict = ((): Verdict => {
    if (failed?.stage === "forward") return "failed";
    if (pair.rollback === undefined) return pair.forward.empty ? "proved" : "missing";
    const changed = extensions.length > 0 || (after !== undefined && compareStates(before, after).length > 0);
    if (pair.rollback.empty && changed) return "missing";
    if (differs) return "differs";
    if (failed !== undefined || rows?.rollbackFailed === true) return "failed";
    if (again.some(isReal)) return "differs";
    if (ofRows.length > 0) return "loses-data";
    return [...back, ...again].length > 0 ? "column-order" : "proved";
  })();
  // Whoever allows the one has not allowed the other.
  const lost = ofRows.map((each) =>
    verdict === "differs" ? { ...each, verdict: "loses-data" as const } : each,
  );
  const all = [...differences, ...lost];
  return {
    verdict,
    differences:
      verdict === "missing"
        ? missingDifference(pair, all, after === undefined ? "" : changedObject(before, after))
        : all,
    notes,
  };
}

function nothingToTakeBack({ forward, rollback }: Pair): string[] {
  return rollback === undefined && forward.empty
    ? ["holds no statement, so there is nothing that a rollback would have to take back"]
    : [];
}

function leftOutOf({ forward, rollback }: Pair): string[] {
  const found = [forward, rollback]
    .flatMap((script) => script?.script.statements ?? [])
    .flatMap((each) => serverWide(each) ?? []);
  return [...new Set(found)].map((what) => `${what} was left out: it is of the whole server`);
}

/**
 * Roles are the whole server's: what an earlier run or another database of this one has left of them is in
 * the way here, and nowhere else.
 */
function ofTheServer({ failed }: Tried): string[] {
  const { state, message = "", detail = "" } = failed?.failure.refusal ?? {};
  if (state === "42710" && /^role ".*" already exists$/.test(message)) {
    return [
      `${message}: where no file made it before, a run that was killed has left it; drop it on the shadow`,
    ];
  }
  if (state === "2BP01" && detail.includes(`in database ${SHADOW_PREFIX}`)) {
    return [
      "another database of this trial still holds what the role was given, which is not so in production: " +
        "put DROP ROLE into a file that is one transaction",
    ];
  }
  return [];
}

/** @param object what the migration changes, where that is one thing */
function missingDifference(
  pair: Pair,
  differences: readonly PairDifference[],
  object: string,
): readonly PairDifference[] {
  const { source } = pair.forward;
  const at = { file: pair.rollback?.source.file ?? source.file, line: pair.rollback?.source.firstLine ?? 1 };
  if (pair.rollback === undefined) {
    const name = rollbackNameOf(source.file);
    const where = name === undefined ? "" : `, which ${name} would be`;
    return [{ object, message: `there is no rollback for ${source.file}${where}`, at }];
  }
  return [
    { object, message: "the rollback holds no statement, although the migration changes the schema", at },
    ...differences,
  ];
}

function asDifference(difference: StateDifference, words: typeof AFTER_ROLLBACK): PairDifference {
  if (isOnlyOrder(difference)) {
    return { object: difference.object, message: `${COLUMN_ORDER_TOLD}: ${orderOf(difference)}` };
  }
  return { object: difference.object, message: describeDifference(difference, words) };
}

function orderOf({ fields }: StateDifference): string {
  const [change] = fields;
  return `${change?.was ?? ""} became ${change?.is ?? ""}`;
}

const STAGES = {
  forward: "the migration does not go through",
  rollback: "the rollback does not go through",
  again: "the migration cannot be applied again after its rollback",
} as const;

function failureAsDifference(
  { stage, failure }: NonNullable<Tried["failed"]>,
  states: readonly SchemaState[],
): PairDifference {
  return {
    object: failedObject(failure, states),
    message: `${STAGES[stage]}: ${toldFailure(failure)}`,
    ...(failure.file === "" ? {} : { at: { file: failure.file, line: failure.line } }),
  };
}
