import { Pace } from "../../kernel/pace.ts";
import type { Pacing } from "../../kernel/spaced-progress.ts";
import type { Progress } from "../../ports/log.ts";
import type { LiveLines } from "./live-lines.ts";

const REDRAW_MS = 100;
const BAR_COLUMNS = 16;

/**
 * A line redrawn in place, at most ten times a second; also once a second while nothing moves, so that a
 * stall shows as one.
 */
export function liveProgress(lines: LiveLines, pacing: Pacing): Progress {
  const { label, elapsed } = pacing;
  const pace = new Pace(pacing.unit, pacing.total, elapsed());
  const line = lines.open();
  let drawnAt = Number.NEGATIVE_INFINITY;
  let ended = false;
  const draw = (): void => {
    drawnAt = elapsed();
    const fraction = pace.fraction();
    const share =
      fraction === undefined ? "" : `${bar(fraction)} ${String(Math.floor(fraction * 100)).padStart(2)} %  `;
    line.update(`  ${label}  ${share}${pace.describe(drawnAt)}`);
  };
  // Without unref the timer would keep a finished process alive if a command forgot to end its progress.
  const timer = setInterval(draw, 1000).unref();
  draw();
  return {
    add(count) {
      pace.add(count, elapsed());
      if (!ended && elapsed() - drawnAt >= REDRAW_MS) draw();
    },
    done(note) {
      if (ended) return;
      ended = true;
      clearInterval(timer);
      line.close();
      const told = note === undefined ? pace.summary(elapsed()) : pacing.clean(note);
      if (told !== undefined) lines.print(`  ${label}: ${told}`);
    },
  };
}

function bar(fraction: number): string {
  const full = Math.round(fraction * BAR_COLUMNS);
  return "█".repeat(full) + "░".repeat(BAR_COLUMNS - full);
}
