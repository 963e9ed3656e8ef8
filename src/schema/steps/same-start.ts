import { HoldfastError } from "../../kernel/errors.ts";
import { quantity } from "../../kernel/quantity.ts";
import { prepareScript, type PreparedScript } from "../script/prepare.ts";

/** What is on record of a script that an earlier run has begun. */
export interface Begun {
  readonly file: string;
  /** The script as it was begun; null where nobody wrote it down. */
  readonly text: string | null;
  /** Its first statements, which are done. */
  readonly steps: number;
  /** For people. */
  readonly state: "half applied" | "half taken back";
}

/**
 * What is done already is not done again, so it has to be what it was; what follows may be mended.
 *
 * @throws refused.unsafe
 */
export async function requireSameStart(script: PreparedScript, begun: Begun): Promise<void> {
  const before = await prepareScript({ ...script.source, text: begun.text ?? "" });
  const done = ({ execution }: PreparedScript): string =>
    execution.statements
      .slice(0, begun.steps)
      .map(({ text }) => text.replaceAll("\r\n", "\n"))
      .join(";");
  if (done(before) === done(script)) return;
  throw new HoldfastError(
    "refused.unsafe",
    `${begun.file} is ${begun.state}, and was changed in what is done already: ` +
      `its first ${quantity(begun.steps, "statement")}`,
    { hint: "Put that part back as it was; only what follows may be mended." },
  );
}
