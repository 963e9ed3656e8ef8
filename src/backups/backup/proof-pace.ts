/** The proof may be behind the dump by this share of the tables' bytes before it is helped. */
const MARGIN = 1 / 8;

/**
 * Whether the proof needs more than one session. Each takes a processor from the dump and from the server's
 * users, and is worth that where the proof would end after the dump: on two processors a backup takes 6 %
 * less time with one session than with two from the beginning.
 *
 * What was dumped is text; what was counted lies on the disk, and comes by pieces of 64 MB or whole tables.
 * So they are compared roughly: where text is longer, or the database small, the others begin earlier than
 * they need, and where text is shorter at the end of the dump.
 */
export class ProofPace {
  /** Resolves as soon as the proof is behind, or the dump has ended. */
  readonly behind: Promise<void>;
  readonly #total: number;
  #tell: () => void = () => undefined;
  #dumped = 0;
  #counted = 0;

  /** @param total bytes on the disk of all tables whose rows are dumped and counted */
  constructor(total: number) {
    this.#total = total;
    this.behind = new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  /** So many bytes more are dumped. */
  dumped(bytes: number): void {
    this.#dumped += bytes;
    this.#look();
  }

  /** Rows of so many bytes on the disk more are counted. */
  counted(bytes: number): void {
    this.#counted += bytes;
  }

  /** From here on the proof is alone. */
  dumpEnded(): void {
    this.#tell();
  }

  #look(): void {
    if (this.#dumped - this.#counted > this.#total * MARGIN) this.#tell();
  }
}
