import type { DatabaseSession } from "../../ports/database.ts";
import type { PreparedScript } from "../script/prepare.ts";
import type { Statement } from "../script/script.ts";
import { forgetSession, runScript, type RunOptions, type ScriptFailure } from "../shadow/run-script.ts";
import type { Shadow, ShadowDatabase } from "../shadow/shadow.ts";
import { markingRoles } from "../shadow/made-roles.ts";
import { readKeptRoles, restoreRoles, type KeptRole } from "../shadow/kept-roles.ts";
import { StandIns } from "../shadow/stand-ins.ts";
import { quoteIdentifier } from "../../postgres/quoting.ts";
import { compareStates } from "./compare-states.ts";
import { readState, type SchemaState } from "./state.ts";

interface ChainOptions {
  readonly prelude: string | undefined;
  readonly scripts: readonly PreparedScript[] | undefined;
  /** Beside this one: with its stand-ins, and without its roles' making and dropping. */
  readonly like?: Chain;
}

/**
 * A database of the shadow in which a folder's migrations are applied one after the other, and in front of
 * each of which its pair can be tried.
 */
export class Chain implements AsyncDisposable {
  readonly shadow: Shadow;
  readonly standIns: StandIns;
  readonly #database: ShadowDatabase;
  readonly #applied: PreparedScript[] = [];
  /** Every script that will be tried; undefined where nobody said. */
  readonly #scripts: readonly PreparedScript[] | undefined;
  /** Role, or other database of the server → whether the scripts name it. */
  readonly #ours = new Map<string, boolean>();
  /** Of a given server: its roles before the first script, to be put back at the end. */
  #rolesBefore: readonly KeptRole[] | undefined;
  #session: DatabaseSession | undefined;
  #state: SchemaState | undefined;
  #control: Chain | undefined;
  readonly #prelude: string | undefined;
  /** The chain that this one is beside of. */
  readonly #like: Chain | undefined;

  private constructor(shadow: Shadow, database: ShadowDatabase, { prelude, scripts, like }: ChainOptions) {
    this.#like = like;
    this.shadow = shadow;
    this.#database = database;
    this.standIns = like === undefined ? new StandIns() : like.standIns.beside();
    this.#prelude = prelude;
    this.#scripts = scripts;
  }

  /**
   * @param prelude SQL that makes what the platform has before the first migration
   * @param scripts every script that will be tried. On a server that others use too, only roles that these
   *   name are looked at and put back: what happens to others meanwhile is nobody's doing here
   */
  static async open(
    shadow: Shadow,
    prelude: string | undefined,
    scripts?: readonly PreparedScript[],
  ): Promise<Chain> {
    return await Chain.#open(shadow, { prelude, scripts });
  }

  static async #open(shadow: Shadow, options: ChainOptions): Promise<Chain> {
    const { prelude, like } = options;
    const chain = new Chain(shadow, await shadow.create(), options);
    if (shadow.isGiven && like === undefined) {
      chain.#rolesBefore = await chain.#withMaintenance(readKeptRoles);
    }
    if (prelude !== undefined) {
      await (await chain.session()).query(prelude);
      // It may have given the database settings, which sessions have that begin afterwards.
      await chain.#disconnect();
    }
    return chain;
  }

  /**
   * Another database beside this one, in which the same scripts may be applied otherwise: what they do to the
   * server's roles this one's scripts have done already.
   */
  async beside(): Promise<Chain> {
    return await Chain.#open(this.shadow, { prelude: this.#prelude, scripts: this.#scripts, like: this });
  }

  /** The chain's own session, as a new one would be, outside of a transaction. */
  async session(): Promise<DatabaseSession> {
    if (this.#session?.lost.aborted === true) this.#session = undefined;
    this.#session ??= await this.#database.connect();
    if (this.#session.transaction !== "none") await this.#session.query("ROLLBACK");
    await forgetSession(this.#session);
    return this.#session;
  }

  /** The state as it is now. */
  async state(): Promise<SchemaState> {
    return (this.#state ??= await this.read(await this.session()));
  }

  /**
   * The state of this chain's database or of a copy. That a role stands in is nobody's doing, whenever it was
   * made; what scripts make of it is theirs.
   */
  async read(session: DatabaseSession): Promise<SchemaState> {
    const state = new Map(await readState(session));
    for (const object of state.keys()) {
      const names = [ABOUT_ROLE, ABOUT_DATABASE].flatMap((pattern) => pattern.exec(object)?.[1] ?? []);
      if (names.some((name) => !this.#isOurs(unquoted(name)))) state.delete(object);
    }
    for (const name of this.standIns.roles) {
      const object = `role ${name}`;
      const changed = [...(state.get(object) ?? [])].filter(([field, text]) => AS_MADE.get(field) !== text);
      if (changed.length === 0) state.delete(object);
      else state.set(object, new Map(changed));
    }
    return state;
  }

  /**
   * Applies a script for good. One that fails leaves what it leaves: nothing, where it is one transaction.
   *
   * @param state what it leads to, where that is known
   */
  async apply(script: PreparedScript, state?: SchemaState): Promise<ScriptFailure | undefined> {
    // Whatever happens on the way, what was known before is not known any more.
    this.#state = undefined;
    const failure = await this.#mending(script, async () => this.#run(await this.session(), script));
    if (script.forgets) await this.#disconnect();
    // What it froze when it was tried is another moment's.
    if (failure === undefined && !FREEZES.test(script.source.text)) this.#state = state;
    if (failure === undefined) this.#applied.push(script);
    return failure;
  }

  /**
   * Runs one script in a database of the shadow as it would be run in production, in a session of its own;
   * roles that nobody made are made.
   */
  async runIn(
    database: ShadowDatabase,
    script: PreparedScript,
    options: Pick<RunOptions, "met"> = {},
  ): Promise<ScriptFailure | undefined> {
    return await this.#mending(script, async () => {
      await using session = await database.connect();
      return await this.#run(session, script, options);
    });
  }

  async #run(
    session: DatabaseSession,
    script: PreparedScript,
    options: Pick<RunOptions, "met"> = {},
  ): Promise<ScriptFailure | undefined> {
    // The first chain's database is there until the run is over.
    const { name: database } = (this.#like ?? this).#database;
    const marking = this.shadow.isGiven
      ? await markingRoles(session, script, database, (name) => this.#isOurs(name))
      : {};
    return await runScript(session, script, { ...options, ...marking, skip: this.#skip });
  }

  /**
   * Roles belong to the whole server: in a control the first chain's scripts made and dropped them already.
   */
  readonly #skip = (statement: Statement): boolean =>
    this.standIns.skip(statement) || (this.#like !== undefined && isAboutRoles(statement));

  async #mending(
    script: PreparedScript,
    run: () => Promise<ScriptFailure | undefined>,
  ): Promise<ScriptFailure | undefined> {
    await this.yieldRoles([script]);
    await this.standIns.prepare(await this.session(), script);
    for (let left = MENDED_MAX; ; left -= 1) {
      const failure = await run();
      if (failure === undefined || script.execution.mode !== "one-transaction" || left === 0) return failure;
      if (!(await this.standIns.mend(await this.session(), failure.refusal, script))) return failure;
    }
  }

  /**
   * To be called before scripts are tried: one that makes or drops a role must not meet what a database
   * beside keeps of it, which in production nobody has.
   */
  async yieldRoles(scripts: readonly PreparedScript[]): Promise<void> {
    if (scripts.some(({ script }) => script.statements.some(isAboutRoles))) await this.#dropControl();
  }

  async #dropControl(): Promise<void> {
    const control = this.#control;
    this.#control = undefined;
    await control?.[Symbol.asyncDispose]();
  }

  /**
   * A copy of the database as it is; with it goes what is done to roles meanwhile, which are the
   * whole server's.
   */
  async clone(): Promise<ShadowDatabase & AsyncDisposable> {
    await this.#disconnect();
    // Roles that only the database beside needs go with it, and are not what there was before.
    if (this.#control !== undefined && this.#control.#ownRoles.length > 0) await this.#dropControl();
    const roles = await this.#withMaintenance(readKeptRoles);
    const copy = await this.#database.clone();
    return {
      ...copy,
      [Symbol.asyncDispose]: async () => {
        await copy.drop();
        await this.#withMaintenance(async (admin) => {
          const before = new Set(roles.map(({ name }) => name));
          const isNew = (await readKeptRoles(admin)).some(({ name }) => !before.has(name));
          // The database beside may have given it something, and it could not be dropped.
          if (isNew) await this.#dropControl();
          await this.#restore(admin, roles);
        });
      },
    };
  }

  #isOurs(name: string): boolean {
    const known = this.#ours.get(name);
    if (known !== undefined) return known;
    const scripts = this.shadow.isGiven ? this.#scripts : undefined;
    const isOurs = scripts === undefined || scripts.some(({ source }) => hasWord(source.text, name));
    this.#ours.set(name, isOurs);
    return isOurs;
  }

  /** What stands in beside alone goes with the copy: the first chain's own script may make it next. */
  async #restore(admin: DatabaseSession, roles: readonly KeptRole[]): Promise<void> {
    const { standIns } = this.#like ?? this;
    await restoreRoles(admin, roles, standIns.roles, (name) => this.#isOurs(name));
  }

  async #withMaintenance<T>(work: (admin: DatabaseSession) => Promise<T>): Promise<T> {
    await using admin = await this.shadow.maintenance();
    return await work(admin);
  }

  /**
   * What differs between two databases to which the same scripts were applied is nobody's doing: frozen
   * times, names made of random numbers. The second one is made when it is first asked for.
   *
   * @param next scripts to be applied to the second one too before they are compared, and what the first came
   *   to with them; or nothing
   * @returns `<object>` and `<object>\0<field>`
   */
  async noise(next?: {
    readonly scripts: readonly PreparedScript[];
    readonly state: SchemaState;
  }): Promise<ReadonlySet<string>> {
    this.#control ??= await this.beside();
    const control = this.#control;
    for (const script of this.#applied.slice(control.#applied.length)) {
      if ((await control.apply(script)) !== undefined) return new Set();
    }
    if (next === undefined) return noiseOf(await this.state(), await control.state());
    await using copy = await control.clone();
    for (const script of next.scripts) {
      if ((await control.runIn(copy, script)) !== undefined) return new Set();
    }
    await using session = await copy.connect();
    return noiseOf(next.state, await this.read(session));
  }

  /** Roles that were made for this database alone, which is beside another. */
  get #ownRoles(): readonly string[] {
    const theirs = this.#like?.standIns.roles;
    return theirs === undefined ? [] : this.standIns.roles.filter((name) => !theirs.includes(name));
  }

  async #dropOwnRoles(): Promise<void> {
    const own = this.#ownRoles;
    if (own.length === 0) return;
    await this.#withMaintenance(async (admin) => {
      // What else uses one by now keeps it.
      for (const name of own) await admin.execute(`DROP ROLE IF EXISTS ${quoteIdentifier(name)}`);
    });
  }

  async #disconnect(): Promise<void> {
    await this.#session?.close();
    this.#session = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dropControl();
    await this.#disconnect();
    await this.#database.drop();
    // What the scripts own is gone with the databases; a private server goes as a whole.
    await this.#dropOwnRoles();
    const roles = this.#rolesBefore;
    if (roles !== undefined) await this.#withMaintenance((admin) => this.#restore(admin, roles));
  }
}

/** Words by which a definition may come to hold a moment or a chance. */
const FREEZES =
  /now|current_|localtime|today|yesterday|tomorrow|timestamp\s*\(\)|timeofday|random|uuid|xact|txid/i;

function isAboutRoles({ type }: Statement): boolean {
  return type === "CreateRoleStmt" || type === "DropRoleStmt";
}

/**
 * Whether the name stands in the text, in whatever letters, which the server makes small where it is not
 * quoted; and not only within a longer one.
 */
function hasWord(written: string, name: string): boolean {
  const text = written.toLowerCase();
  const word = name.toLowerCase();
  const isPart = (character: string | undefined): boolean => /[\p{L}\p{N}_$]/u.test(character ?? "");
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    if (!isPart(text[at - 1]) && !isPart(text[at + word.length])) return true;
  }
  return false;
}

const ABOUT_ROLE = /^(?:role|comment role|settings (?:.* )?for role) (.*)$/s;

/** Another database than the chain's own. */
const ABOUT_DATABASE = /^settings of database ("(?:[^"]|"")*"|\S+)/;

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** A script may raise whatever it likes, a new name each time; nobody names so many roles in one. */
const MENDED_MAX = 50;

/** What a role is that nobody has changed since CREATE ROLE … NOLOGIN. */
const AS_MADE: ReadonlyMap<string, string> = new Map([
  ["inherit", "true"],
  ["connectionLimit", "-1"],
]);

function noiseOf(one: SchemaState, other: SchemaState): ReadonlySet<string> {
  // Roles are the same ones, and stand in beside for what the other one's scripts have made.
  const found = compareStates(one, other).filter(({ object }) => !ABOUT_ROLE.test(object));
  return new Set(
    found.flatMap(({ object, change, fields }) =>
      change === "changed" ? fields.map(({ name }) => `${object}\0${name}`) : [object],
    ),
  );
}
