import type { Client } from "pg";
import type { DatabaseAddress, SessionOptions } from "../../ports/database.ts";
import type { ConnectionOptions } from "node:tls";
import { formatDuration } from "../../kernel/duration.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { SilenceWatch } from "../../kernel/silence.ts";
import { describeAddress } from "../../postgres/database-url.ts";
import { askActivity, socketOf } from "./activity.ts";
import { movementOf } from "./socket.ts";
import { soonAfter } from "../../kernel/soon-after.ts";

/** Milliseconds a statement has to end by itself when the run was cancelled, before its connection is cut. */
const STOP_GRACE_MS = 5_000;
/** The longest silence, in milliseconds, that tidying up after a cancelled run bears. */
const TIDYING_SILENCE_MS = 30_000;

/** What ends a wait for a server. */
export interface Bounds {
  /** The longest silence that is borne while an answer is owed, in milliseconds. */
  readonly silenceMs: number;
  /** The run is to stop: statements that run end with it, those that tidy up afterwards may be sent. */
  readonly cancelled: AbortSignal;
  /** Told of long silences. */
  readonly tell: (text: string) => void;
}

/** Whose answers are waited for, and how long. */
export interface Waiting {
  readonly address: DatabaseAddress;
  /** How the connection is encrypted; undefined when it is not. */
  readonly tls: ConnectionOptions | undefined;
  readonly bounds: Bounds;
  readonly options: Pick<SessionOptions, "purpose" | "stop" | "whenCancelled">;
}

/** Aborts when nobody waits any more for what a session asks. */
export function stopOf(
  { stop, whenCancelled }: Waiting["options"],
  { cancelled }: Pick<Bounds, "cancelled">,
): AbortSignal {
  return AbortSignal.any([
    ...(stop === undefined ? [] : [stop]),
    ...(whenCancelled === "finish" ? [] : [cancelled]),
  ]);
}

/** What hanging up does to the session. */
interface Ending {
  readonly lose: (reason: unknown) => void;
  readonly cancel: () => Promise<void>;
}

/** What the driver knows about the connection but its types do not say. */
interface Announced {
  readonly processID: number;
  readonly secretKey: number;
}

/**
 * The one place in which a session waits for its server: no longer than there are signs of life. It alone has
 * the driver's client, so that nobody can wait for it in another way.
 */
export class OwedAnswers {
  /** What the session is for, as people are told. */
  purpose: string;
  /** The server's process, where it was asked; a pooler announces its own invention. */
  backend: number | undefined;
  readonly #client: Client;
  readonly #waiting: Waiting;
  readonly #ending: Ending;
  /** Nobody waits for a statement any more that runs now. */
  readonly #stop: AbortSignal;
  /** A copy to the server is waiting for, or sending, bytes of ours. */
  #isCopying = false;
  /** Why the connection was cut from here. */
  #hungUp: unknown;

  constructor(client: Client, waiting: Waiting, ending: Ending) {
    this.#client = client;
    this.#waiting = waiting;
    this.#ending = ending;
    this.purpose = waiting.options.purpose;
    // Made once: a session has thousands of statements, and the run's own signal lives as long as all of
    // them.
    this.#stop = stopOf(waiting.options, waiting.bounds);
  }

  /**
   * Waits for the server as long as bytes come or it is found to be at work, and the run is wanted.
   *
   * @throws database.lost; the reason of a run that was cancelled
   */
  async wait<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const { bounds, address, tls } = this.#waiting;
    // What begins after the end was called tidies up.
    const isTidying = this.#stop.aborted || bounds.cancelled.aborted;
    using _listening = new SilenceWatch({
      limitMs: isTidying ? Math.min(TIDYING_SILENCE_MS, bounds.silenceMs) : bounds.silenceMs,
      heard: () => this.#heard(),
      atWork: async (within) =>
        this.backend === undefined
          ? undefined
          : (await askActivity(address, tls, { pid: this.backend }, within))?.doing,
      tell: (text) => bounds.tell(`${this.purpose}: ${text}`),
      over: (silentMs) => this.giveUp(silentMs),
    });
    using _stopping = this.#stoppingWith(isTidying ? undefined : this.#stop);
    try {
      return await work(this.#client);
    } catch (error) {
      // Why we hung up says more than that the connection ended.
      throw this.#hungUp ?? error;
    }
  }

  /** What cancels statements of this session: https://www.postgresql.org/docs/current/protocol-flow.html */
  get announced(): Announced {
    return this.#client as unknown as Announced;
  }

  /** As the server said last; undefined before it has. */
  get transactionStatus(): ReturnType<Client["getTransactionStatus"]> {
    return this.#client.getTransactionStatus();
  }

  /**
   * Says goodbye, and hangs up on a server that does not answer: a broken network must not keep anybody.
   *
   * @param within milliseconds
   */
  async sayGoodbye(within: number): Promise<void> {
    const timer = setTimeout(() => socketOf(this.#client).destroy(), within);
    try {
      await this.#client.end();
    } catch {
      // It is closed either way.
    } finally {
      clearTimeout(timer);
    }
  }

  /** A copy to the server begins: while nothing of ours is on its way, nothing is owed. Disposing ends it. */
  copying(): Disposable {
    this.#isCopying = true;
    return { [Symbol.dispose]: () => void (this.#isCopying = false) };
  }

  /** Nobody waits any more for what this session asked. */
  hangUp(reason: unknown): void {
    this.#hungUp ??= reason;
    this.#ending.lose(reason);
    socketOf(this.#client).destroy();
  }

  /** @param silentMs how long no byte has come */
  giveUp(silentMs: number): void {
    this.hangUp(
      new HoldfastError(
        "database.lost",
        `${describeAddress(this.#waiting.address)}: the server owes the session '${this.purpose}' ` +
          `an answer, no byte has come for ${formatDuration(silentMs)}, and it could not be found to be ` +
          "at work on it",
        {
          hint:
            "A connection that went silent without breaking (a network, a load balancer, a pooler whose " +
            "sessions are all taken), or a server that hangs. Run again; where the server sits behind a " +
            "pooler, give its pool one session more than the run uses. HOLDFAST_SILENCE_LIMIT sets how " +
            "long silence is borne.",
        },
      ),
    );
  }

  /** Bytes that came, and those that went; undefined where a copy waits for bytes of ours. */
  #heard(): string | undefined {
    const socket = socketOf(this.#client);
    const isOurTurn = this.#isCopying && socket.writableLength === 0;
    return isOurTurn ? undefined : movementOf(socket);
  }

  #stoppingWith(stop: AbortSignal | undefined): Disposable {
    const graceMs = Math.min(STOP_GRACE_MS, this.#waiting.bounds.silenceMs / 2);
    return soonAfter(stop, graceMs, (reason) => {
      // The server would go on with it, and notice only at its end that nobody listens.
      void this.#ending.cancel().catch(() => undefined);
      this.hangUp(reason);
    });
  }
}
