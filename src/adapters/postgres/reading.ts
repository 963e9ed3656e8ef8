import type { Client } from "pg";
import type { ServerRefusal } from "../../ports/database.ts";

/** What the driver's connection tells and its types do not. */
interface Announcing {
  readonly connection: {
    on(event: "parameterStatus", heard: (told: ParameterStatus) => void): void;
  };
}

interface ParameterStatus {
  readonly parameterName: string;
  readonly parameterValue: string;
}

const NOT_ASCII = /[^\p{ASCII}]/u;

/** `feature_not_supported`: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const NOT_SUPPORTED = "0A000";

/**
 * How the server reads a text that we send. A script can change that in the middle of itself, also by a
 * function or a `DO` block, and then a quoted `COMMIT` is one: so the server's own word counts, which it
 * gives by itself at every change.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-ASYNC
 */
export class Reading {
  readonly #told = new Map<string, string>();

  /** @param client connected and set up as we want it */
  constructor(client: Client) {
    (client as unknown as Announcing).connection.on("parameterStatus", (told) =>
      this.#told.set(told.parameterName, told.parameterValue),
    );
  }

  /** Why the server would read the text otherwise than it is meant; undefined where it would not. */
  misreads(text: string): ServerRefusal | undefined {
    if (this.#told.get("standard_conforming_strings") === "off" && text.includes("\\")) {
      return refusal(
        "standard_conforming_strings is off, so a backslash would end or hide quotes that it does not " +
          "otherwise: the statement was not sent",
        "Take out what sets it, and write E'…' where a backslash is to escape.",
      );
    }
    const encoding = this.#told.get("client_encoding");
    if (encoding !== undefined && encoding !== "UTF8" && NOT_ASCII.test(text)) {
      return refusal(
        `client_encoding is ${encoding} and the file is UTF-8, so other letters would arrive: ` +
          "the statement was not sent",
        "Take out what sets it: every file is sent as UTF-8, and the server converts.",
      );
    }
    return undefined;
  }
}

function refusal(message: string, hint: string): ServerRefusal {
  return {
    state: NOT_SUPPORTED,
    message,
    hint,
    detail: undefined,
    position: undefined,
    where: undefined,
    constraint: undefined,
    table: undefined,
    column: undefined,
  };
}
