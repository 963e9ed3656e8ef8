import { Chance } from "./chance.ts";
import { oddName, q } from "./grammar/names.ts";
import type { ColumnType } from "./grammar/types.ts";

/**
 * When a statement runs: definitions, then rows, then what only stands when rows are there. Each phase is a
 * transaction of its own.
 */
export type Phase = "define" | "fill" | "finish";
export const PHASES: readonly Phase[] = ["define", "fill", "finish"];

/** One way to lose something of a world, and how the comparison must name it. */
export interface Loss {
  /** Such as `index dropped`; the same words for every loss of this kind. */
  readonly kind: string;
  /** Planted into a restored copy. */
  readonly sql: string;
  /** Any of these classes of findings. */
  readonly about: readonly string[];
  /** Must be a part of the finding's name (quotation marks do not count). */
  readonly name: string;
  /** Must be a part of the finding's message. */
  readonly says?: string;
}

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly notNull: boolean;
  /** The server fills it: no row may give a value. */
  readonly computed: boolean;
  /** Constrained by a key or the like: a changed value might be refused. */
  readonly bound: boolean;
}

export interface Table {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly Column[];
  readonly kind: "plain" | "partitioned" | "partition" | "parent" | "child" | "foreign";
  /** An integer column that is the primary key. */
  readonly key?: string;
  readonly block: number;
  readonly rows: number;
  /** False for an unlogged table. */
  readonly logged: boolean;
}

/** Something with a name that rights, owners and comments can be given to, in the words of `COMMENT ON`. */
export interface Thing {
  /** `TABLE`, `FUNCTION` … */
  readonly word: string;
  /** As SQL, quoted, with arguments where there are any. */
  readonly sql: string;
  /** As findings name it, without quotation marks. */
  readonly plain: string;
  /** The class of finding of the thing itself. */
  readonly about: string;
  readonly block: number;
}

interface Statement {
  readonly block: number;
  readonly phase: Phase;
  readonly sql: string;
}

/** What a production needs of the server it writes for. */
export interface Server {
  readonly major: number;
  /** Roles that exist, to own things and be granted things. */
  readonly roles: readonly string[];
}

/**
 * One random schema: everything in it carries its prefix, so that many worlds fit into one database and a
 * finding tells whose it is. A world is made of blocks, one for each production; a block may use what earlier
 * ones made, and can be left out together with those that use it.
 */
export class World {
  readonly chance: Chance;
  readonly server: Server;
  readonly prefix: string;
  readonly seed: number;
  readonly schemas: string[] = [];
  readonly tables: Table[] = [];
  readonly types: (ColumnType & { readonly block: number })[] = [];
  readonly things: Thing[] = [];
  losses: readonly (Loss & { readonly block: number })[] = [];
  /** What each block is called. */
  readonly blocks: string[] = [];
  readonly #statements: Statement[] = [];
  readonly #uses: Set<number>[] = [];
  #count = 0;

  constructor(prefix: string, seed: number, server: Server) {
    this.prefix = prefix;
    this.seed = seed;
    this.server = server;
    this.chance = new Chance(seed);
  }

  get block(): number {
    return this.blocks.length - 1;
  }

  /** Begins the next block. */
  begin(noun: string): void {
    this.blocks.push(noun);
    this.#uses.push(new Set());
  }

  /** Takes note that the present block needs another. */
  use<T extends { readonly block: number }>(item: T): T {
    if (item.block !== this.block) this.#uses[this.block]!.add(item.block);
    return item;
  }

  /** A name that is new in this world, odd at times. */
  name(stem: string): string {
    this.#count += 1;
    return this.chance.maybe(0.25) ? oddName(this.chance, stem, this.#count) : `${stem}${this.#count}`;
  }

  /** A name that is new in the whole database, for what stands in no schema. */
  globalName(stem: string): string {
    return `${this.prefix}_${this.name(stem)}`;
  }

  run(sql: string, phase: Phase = "define"): void {
    this.#statements.push({ block: this.block, phase, sql });
  }

  lose(kind: string, sql: string, about: string | readonly string[], name: string, says?: string): void {
    const abouts = typeof about === "string" ? [about] : about;
    const loss = {
      kind,
      sql,
      about: abouts,
      name: name.replaceAll('"', ""),
      ...(says === undefined ? {} : { says }),
      block: this.block,
    };
    this.losses = [...this.losses, loss];
  }

  /** Takes back losses that could no longer be planted. */
  forget(unless: (loss: Loss) => boolean): void {
    this.losses = this.losses.filter(unless);
  }

  thing(word: string, sql: string, plain: string, about: string): Thing {
    const thing = { word, sql, plain: plain.replaceAll('"', ""), about, block: this.block };
    this.things.push(thing);
    return thing;
  }

  /** Where a new object goes. */
  home(): string {
    return this.chance.pick(this.schemas);
  }

  /** A table that fits, or undefined when there is none. */
  table(fits: (table: Table) => boolean = () => true): Table | undefined {
    const fitting = this.tables.filter(fits);
    return fitting.length === 0 ? undefined : this.use(this.chance.pick(fitting));
  }

  role(): string {
    return this.chance.pick(this.server.roles);
  }

  /** Every block that must go when this one goes, itself first. */
  dependents(block: number): number[] {
    const found = [block];
    for (let next = block + 1; next < this.blocks.length; next += 1) {
      if (found.some((one) => this.#uses[next]!.has(one))) found.push(next);
    }
    return found;
  }

  /** The statements of one phase, in order. */
  sql(phase: Phase, without: ReadonlySet<number> = new Set()): string {
    const wanted = this.#statements.filter((one) => one.phase === phase && !without.has(one.block));
    return wanted.map((one) => `${one.sql};`).join("\n");
  }

  /** All of it, for people. */
  script(without: ReadonlySet<number> = new Set()): string {
    return PHASES.map((phase) => this.sql(phase, without)).join("\n");
  }
}

/** `"schema"."name"` */
export function at(place: { readonly schema: string; readonly name: string }): string {
  return `${q(place.schema)}.${q(place.name)}`;
}

/** `schema.name` as findings have it, apart from quotation marks. */
export function plain(place: { readonly schema: string; readonly name: string }): string {
  return `${place.schema}.${place.name}`;
}
