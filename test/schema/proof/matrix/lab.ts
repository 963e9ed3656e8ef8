import { Chain } from "../../../../src/schema/proof/chain.ts";
import { provePair, type Proved } from "../../../../src/schema/proof/prove-pair.ts";
import { prepareScript, type PreparedScript } from "../../../../src/schema/script/prepare.ts";
import { givenShadow, type Shadow } from "../../../../src/schema/shadow/shadow.ts";
import { postgresDatabase } from "../../../../src/adapters/postgres/database.ts";
import type { DatabaseHost } from "../../../support/database-host.ts";
import { testPorts } from "../../../support/test-ports.ts";
import { BASE, EXTENSION, ROLES } from "./base.ts";
import type { MatrixCase } from "./matrix-case.ts";

/** A pair's scripts, as a folder would give them. */
export interface Scripts {
  readonly forward: PreparedScript;
  readonly rollback: PreparedScript;
}

/** A text as a script of a folder. */
export async function script(text: string, file = "1_pair.sql"): Promise<PreparedScript> {
  return await prepareScript({ file, text, firstLine: 1, transaction: true });
}

/**
 * Where the matrix is tried: a server of its own, and one chain for every pair that brings nothing of
 * its own along.
 */
export class Lab implements AsyncDisposable {
  readonly shadow: Shadow;
  readonly #base: string;
  #plain: Promise<Chain> | undefined;

  private constructor(shadow: Shadow, base: string) {
    this.shadow = shadow;
    this.#base = base;
  }

  static async open(server: DatabaseHost): Promise<Lab> {
    await server.admin(ROLES);
    const [extension] = await server.admin("select 1 from pg_available_extensions where name = 'hstore'");
    const shadow = await givenShadow(postgresDatabase(server.address("postgres", "postgres")), testPorts());
    return new Lab(shadow, extension === undefined ? BASE : `${BASE}${EXTENSION}`);
  }

  /** Hands the chain on which a pair is to be tried to `work`. */
  async with<T>({ setup }: Pick<MatrixCase, "setup">, work: (chain: Chain) => Promise<T>): Promise<T> {
    if (setup === undefined) return await work(await (this.#plain ??= Chain.open(this.shadow, this.#base)));
    await using chain = await Chain.open(this.shadow, `${this.#base}${setup}`);
    return await work(chain);
  }

  /** What is found about a pair. */
  async prove(pair: MatrixCase): Promise<Proved> {
    return await this.with(pair, async (chain) =>
      provePair(chain, await scriptsOf(pair), () => performance.now()),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#plain)?.[Symbol.asyncDispose]();
    await this.shadow[Symbol.asyncDispose]();
  }
}

/** Both scripts of a pair. */
export async function scriptsOf({
  forward,
  rollback,
}: Pick<MatrixCase, "forward" | "rollback">): Promise<Scripts> {
  return { forward: await script(forward), rollback: await script(rollback, "1_pair_rollback.sql") };
}
