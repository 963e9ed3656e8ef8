import { readdirSync, readFileSync } from "node:fs";
import type { DatabaseAddress } from "../../ports/database.ts";
import { formatDuration } from "../../kernel/duration.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { SILENCE_LIMIT_MS, SilenceWatch } from "../../kernel/silence.ts";
import { describeAddress } from "../../postgres/database-url.ts";

/**
 * Says what a server does for sessions of a name, in words where they are at work, and a mark of the last
 * statements that they began or ended; undefined where it could not be asked within the given milliseconds.
 */
export type AskServer = (
  address: DatabaseAddress,
  applicationName: string,
  within: number,
) => Promise<{ readonly doing: string | undefined; readonly mark: string } | undefined>;

/** What bounds the wait for a program. */
export interface ProgramBounds {
  /** The longest silence that is borne, in milliseconds. */
  readonly silenceMs: number;
  readonly askServer?: AskServer;
  /** Told of long silences. */
  readonly tell?: (text: string) => void;
}

/** Those of the product, for a program that nobody asks about. */
export const PROGRAM_BOUNDS: ProgramBounds = { silenceMs: SILENCE_LIMIT_MS };

/** A program that is waited for. */
export interface Awaited {
  readonly name: string;
  /** Of the program and all that it starts; undefined where it could not be started. */
  readonly processGroup: number | undefined;
  readonly bounds: ProgramBounds;
  /** Where it is connected, and by which name; undefined for one that asks no server. */
  readonly server: { readonly address: DatabaseAddress; readonly applicationName: string } | undefined;
  /** Changes with every byte; undefined while it waits for us. */
  readonly heard: () => unknown;
  readonly end: () => void;
}

/** A watch over a program. */
export interface Heeded extends Disposable {
  /** Why it was ended: `database.lost`, or `tool.failed` of a program without a server. */
  readonly failure: HoldfastError | undefined;
}

/**
 * PostgreSQL's programs wait for a server as long as the system keeps their connection. They are at work as
 * long as bytes move, they use the processor, or the server says that it is at work for them or was since it
 * was asked last: over a long line, small questions are each answered in no time. A program that does none of
 * it for as long as silence is borne is ended.
 */
export function heed({ name, processGroup, bounds, server, heard, end }: Awaited): Heeded {
  let failure: HoldfastError | undefined;
  let used = processorTime(processGroup);
  let mark: string | undefined;
  const watch = new SilenceWatch({
    limitMs: bounds.silenceMs,
    heard,
    atWork: async (within) => {
      const before = used;
      used = processorTime(processGroup);
      if (used !== before) return `${name} is at work`;
      if (server === undefined) return undefined;
      const work = await bounds.askServer?.(server.address, server.applicationName, within);
      if (work === undefined) return undefined;
      const hasMoved = mark !== undefined && mark !== work.mark;
      mark = work.mark;
      return work.doing ?? (hasMoved ? `the server answers what ${name} asks` : undefined);
    },
    tell: (text) => bounds.tell?.(`${name}: ${text}`),
    over: (silentMs) => {
      failure = silent(name, server?.address, silentMs);
      end();
    },
  });
  return {
    get failure() {
      return failure;
    },
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  };
}

function silent(name: string, address: DatabaseAddress | undefined, silentMs: number): HoldfastError {
  const nothing = `has done nothing for ${formatDuration(silentMs)}`;
  if (address === undefined) {
    return new HoldfastError("tool.failed", `${name} ${nothing} and was ended`, {
      hint: "Run again; if it repeats, run with --verbose and report it.",
    });
  }
  return new HoldfastError(
    "database.lost",
    `${describeAddress(address)}: ${name} ${nothing} and was ended; ` +
      "nor could the server be found to be at work for it",
    {
      hint:
        "A connection that went silent without breaking (a network, a load balancer), a pooler whose " +
        "sessions are all taken (give it more, or use fewer --jobs), or a server that hangs. Run again. " +
        "HOLDFAST_SILENCE_LIMIT sets how long silence is borne.",
    },
  );
}

/**
 * Processor time of a group of processes, in the system's ticks:
 * https://man7.org/linux/man-pages/man5/proc.5.html Undefined, and so never another than before, where the
 * system does not tell it this way.
 */
function processorTime(group: number | undefined): number | undefined {
  if (group === undefined) return undefined;
  try {
    let ticks = 0;
    for (const pid of readdirSync("/proc")) {
      if (/^\d+$/.test(pid)) ticks += ticksOf(pid, group);
    }
    return ticks;
  } catch {
    return undefined;
  }
}

/** 0 of a process of another group, or of one that has ended meanwhile. */
function ticksOf(pid: string, group: number): number {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return 0;
  }
  // The name, in parentheses, may hold anything; after it come state, parent, group.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[2]) === group ? Number(fields[11]) + Number(fields[12]) : 0;
}
