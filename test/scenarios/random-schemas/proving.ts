import { compareContent } from "../../../src/nouns/content/compare/compare-content.ts";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { measure } from "../../nouns/content/copies.ts";
import type { Cluster, TestDatabase } from "../../support/postgres.ts";
import { findings, output, said, type Vault } from "../../support/vault.ts";
import { Chance } from "./chance.ts";
import { q } from "./grammar/names.ts";
import { concerns, foundBy, names, packWorlds, type Found } from "./pack.ts";
import type { Loss, World } from "./world.ts";

/** What went wrong, and at which step. */
export interface Trouble {
  readonly step: string;
  readonly found: readonly Found[];
}

/** How long a failing world is made smaller, in milliseconds. */
const SHRINK_MS = 60_000;

/** Runs packs of worlds through backup, proof and restores, and keeps count of what was planted. */
export class Proving {
  readonly #cluster: Cluster;
  readonly #vault: Vault;
  #packs = 0;
  /** Kinds of losses that were planted and found, and how often. */
  readonly planted = new Map<string, number>();

  constructor(cluster: Cluster, vault: Vault) {
    this.#cluster = cluster;
    this.#vault = vault;
  }

  /**
   * Backup, proof and a restore into a new database; a loss is planted in every world of that copy and must
   * be named; then the backup is restored onto what is left of it, in place and beside. Returns all the
   * trouble there was.
   */
  async prove(worlds: readonly World[], plant = true, without?: ReadonlySet<number>): Promise<Trouble[]> {
    const source = `pack-${(this.#packs += 1)}`;
    await using database = await packWorlds(this.#cluster, worlds, without);
    const backup = await this.#vault.backup(database.adminUrl, { source });
    await using copy = await this.#cluster.createDatabase({ owner: "postgres" });
    const restore = (mode: "auto" | "in-place" | "beside"): Promise<Outcome> =>
      this.#vault.restore(copy.adminUrl, { source, jobs: 2, safetyBackup: false, confirm: copy.name, mode });
    const scratch = this.#cluster.adminUrl();
    const trouble = [
      await troubleOf("validate", () =>
        this.#vault.validate({ source, jobs: 2, depth: "restored", scratch }),
      ),
      await troubleOf("restore into a new database", () => restore("auto")),
      plant ? await this.#plant(worlds, copy, output(backup, "id")) : undefined,
      await troubleOf("restore in place", () => restore("in-place")),
      await troubleOf("restore beside", async () => {
        const outcome = await restore("beside");
        const old = output(outcome, "old-database");
        if (old !== "") await this.#cluster.admin(`DROP DATABASE ${q(old)} WITH (FORCE)`);
        return outcome;
      }),
    ];
    return trouble.filter((one) => one !== undefined);
  }

  /**
   * One loss for each world, the kinds that were planted least often first; one comparison must
   * name them all.
   */
  async #plant(worlds: readonly World[], copy: TestDatabase, id: string): Promise<Trouble | undefined> {
    const planted: (readonly [World, Loss])[] = [];
    for (const world of worlds) {
      const loss = this.#choose(world);
      if (loss === undefined) continue;
      await copy.admin(loss.sql).catch((error: unknown) => {
        throw new Error(
          `a loss could not be planted (${loss.kind}, seed ${world.seed}): ${loss.sql}: ${String(error)}`,
          { cause: error },
        );
      });
      this.planted.set(loss.kind, (this.planted.get(loss.kind) ?? 0) + 1);
      planted.push([world, loss]);
    }
    const { content } = await this.#vault.manifest(id);
    const { differences } = compareContent(content, await measure(copy.adminAddress), {
      rows: true,
      exact: true,
    });
    const missed = planted.filter(([, loss]) => !differences.some((difference) => names(loss, difference)));
    if (missed.length === 0) return undefined;
    const found = missed.map(([world, loss]) => ({
      about: loss.kind,
      name:
        `${world.prefix} (seed ${world.seed}): ${loss.about.join(" or ")} ` +
        `${loss.name} ${loss.says ?? ""}`,
      message:
        `${loss.sql}\n   found instead: ` +
        JSON.stringify(differences.filter((difference) => concerns(world, difference)).slice(0, 5)),
    }));
    return { step: "naming what was planted", found };
  }

  #choose(world: World): Loss | undefined {
    if (world.losses.length === 0) return undefined;
    const often = (loss: Loss): number => this.planted.get(loss.kind) ?? 0;
    const fewest = Math.min(...world.losses.map(often));
    return new Chance(world.seed).pick(world.losses.filter((loss) => often(loss) === fewest));
  }

  /**
   * Everything a person needs to see it again: the seeds, what was found, and one world alone, made smaller.
   */
  async describe(troubles: readonly Trouble[], worlds: readonly World[]): Promise<string> {
    const found = troubles.flatMap((trouble) => trouble.found);
    const guilty = worlds.filter((world) => found.some((one) => concerns(world, one)));
    const [first] = guilty;
    const step =
      troubles.find((trouble) => first !== undefined && trouble.found.some((one) => concerns(first, one)))
        ?.step ?? "";
    return [
      "seeds of the worlds " +
        `named: ${guilty.map((world) => `${world.prefix}=${world.seed}`).join(", ") || "none"}`,
      ...troubles.flatMap((trouble) => [
        trouble.step,
        ...trouble.found.slice(0, 20).map((one) => `- ${one.about} ${one.name}: ${one.message}`),
      ]),
      ...(first === undefined
        ? []
        : [`world ${first.prefix}, seed ${first.seed}, at: ${step}`, await this.#shrink(first, step)]),
    ].join("\n");
  }

  /**
   * Runs a world alone and leaves out blocks, many and then few at a time, while the same step still fails.
   */
  async #shrink(world: World, step: string): Promise<string> {
    if (step === "naming what was planted") return world.script();
    const until = performance.now() + SHRINK_MS;
    const fails = async (without: ReadonlySet<number>): Promise<Trouble | undefined> => {
      // What cannot be made without the blocks left out is no answer.
      const troubles = await this.prove([world], false, without).catch(() => []);
      return troubles.find((one) => one.step === step);
    };
    let without: ReadonlySet<number> = new Set<number>();
    let last = await fails(without);
    if (last === undefined) return `(alone it does not fail at this step)\n${world.script()}`;
    for (let size = world.blocks.length >> 1; size >= 1; size >>= 1) {
      for (let block = world.blocks.length - 1; block > 0 && performance.now() < until; block -= size) {
        const chunk = Array.from({ length: size }, (_, index) => block - index).filter(
          (one) => one > 0 && !without.has(one),
        );
        if (chunk.length === 0) continue;
        const more = new Set([...without, ...chunk.flatMap((one) => world.dependents(one))]);
        const trouble = await fails(more);
        if (trouble !== undefined) [without, last] = [more, trouble];
      }
    }
    return `${JSON.stringify(last.found.slice(0, 5))}\n${world.script(without)}`;
  }
}

/** Runs a command; whatever is not proved is trouble, be it findings or a refusal. */
async function troubleOf(step: string, work: () => Promise<Outcome>): Promise<Trouble | undefined> {
  try {
    const outcome = await work();
    if (outcome.exit === 0) return undefined;
    const found = step === "validate" ? findings(outcome) : foundBy(outcome);
    return {
      step,
      found: found.length > 0 ? found : [{ about: "report", name: "", message: said(outcome) }],
    };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return {
      step,
      found: [{ about: "refusal", name: error.code, message: `${error.message} ${error.hint ?? ""}` }],
    };
  }
}
