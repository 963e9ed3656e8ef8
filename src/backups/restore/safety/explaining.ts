import { HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import { newsOf } from "../../../kernel/news-of.ts";
import { isDamage, safetyNote, type Replacing, type SafetyBackup } from "./safety-backup.ts";
import { asUntouched, Untouched } from "../care/untouched.ts";

/** How far a restore in place has come. */
export interface SoFar {
  readonly safetyBackup: SafetyBackup | undefined;
  /** Whether anything in the target may have been changed. */
  readonly isChanged: () => boolean;
  /** What asks the restore to stop. */
  readonly stop: AbortSignal;
}

/** What it replaces, and whether there was anything. */
export interface ReplacingInPlace extends Replacing {
  readonly target: { readonly empty: boolean };
}

/**
 * A restore in place that stops: where nothing was changed yet the error says so, and where the target may
 * be incomplete, how to go on.
 */
export async function explaining<T>(
  work: Promise<T>,
  plan: ReplacingInPlace,
  { safetyBackup, isChanged, stop }: SoFar,
): Promise<T> {
  try {
    return await work;
  } catch (failure) {
    if (isHoldfastError(failure, "refused.outside-scope")) throw failure;
    if (failure instanceof Untouched) throw asUntouched(failure, stop);
    const error = newsOf(failure, stop);
    if (!isChanged()) throw new Untouched(error);
    const { code, hint } = isHoldfastError(error) ? error : { code: "tool.failed" as const, hint: undefined };
    const told =
      `${hint ?? ""} The target may be incomplete: ${howOn(plan, isDamage(error), safetyBackup)}`.trim();
    throw new HoldfastError(code, (error as Error).message, { hint: told, cause: failure });
  }
}

function howOn(plan: ReplacingInPlace, damaged: boolean, safetyBackup: SafetyBackup | undefined): string {
  const again = `run the restore again${damaged ? " with another backup" : ""}`;
  // A target that was empty may hold a part by now, and is then only replaced when its name is typed.
  if (plan.target.empty) {
    return `${again}${damaged ? ", and" : ""} with --confirm ${plan.request.target.address.database}.`;
  }
  if (safetyBackup === undefined) return `${again}. There is no safety backup.`;
  const note = safetyNote(plan, safetyBackup);
  return `${again}. ${note.charAt(0).toUpperCase()}${note.slice(1)}.`;
}
