import { describe } from "@jest/globals";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import {
  findServer,
  SERVER_VERSIONS,
  startCluster,
  type Cluster,
  type Installation,
  type ServerVersion,
  type TestDatabase,
} from "../../support/postgres.ts";
import { findings } from "../../support/vault.ts";
import { everythingOn, READER, shared, WRITER, type Abilities } from "./everything-on.ts";
import { casesInTurn } from "../../support/sampling.ts";

/**
 * What each of many servers would show: on a change on the oldest, the newest and one in four of those
 * between.
 */
export function serversInTurn(what: string): readonly ServerVersion[] {
  const kind = (version: ServerVersion): string =>
    version === SERVER_VERSIONS[0] || version === SERVER_VERSIONS.at(-1) ? version : "between";
  return casesInTurn(what, SERVER_VERSIONS, { every: 4, kind });
}

/** A running server of the matrix. */
export interface MatrixServer {
  readonly cluster: Cluster;
  readonly abilities: Abilities;
  /**
   * The folder with pg_dump and pg_restore that goes with it: its own, or that of {@link CLIENT} where it is
   * a server alone.
   */
  readonly binDir: string;
  /** Whether a scratch server can be started by the product from {@link binDir}, and is of this version. */
  readonly isComplete: boolean;
}

/** Whose client programs go with servers that come without. */
const CLIENTS: Readonly<Partial<Record<ServerVersion, ServerVersion>>> = {
  "12.22": "15.20",
  "13.23": "15.20",
  "14.23": "15.20",
  "18.4": "18.6",
};

/** Starts each server once, when it is first asked for; roles that the databases grant to are there. */
export class Lab implements AsyncDisposable {
  readonly #servers = new Map<ServerVersion, Promise<MatrixServer>>();

  server(version: ServerVersion): Promise<MatrixServer> {
    const known = this.#servers.get(version) ?? start(version);
    this.#servers.set(version, known);
    return known;
  }

  /** A database with one of everything that the server, and every other one it is going to, can hold. */
  async everything(on: ServerVersion, ...goingTo: readonly ServerVersion[]): Promise<TestDatabase> {
    const { cluster, abilities } = await this.server(on);
    const others = await Promise.all(goingTo.map((version) => this.server(version)));
    const database = await cluster.createDatabase({ owner: "postgres" });
    for (const sql of everythingOn(shared(abilities, ...others.map((each) => each.abilities)))) {
      await database.admin(sql);
    }
    return database;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const servers = await Promise.allSettled(this.#servers.values());
    for (const each of servers) {
      if (each.status === "fulfilled") await each.value.cluster[Symbol.asyncDispose]();
    }
  }
}

async function start(version: ServerVersion): Promise<MatrixServer> {
  const cluster = await startCluster({ installation: installationOf(version) });
  for (const role of [READER, WRITER]) await cluster.admin(`CREATE ROLE ${role}`);
  const names = await cluster.admin("SELECT name FROM pg_available_extensions");
  const xml = await cluster.admin("SELECT '<a/>'::xml").then(
    () => true,
    (error: unknown) => {
      // feature_not_supported: built without libxml.
      if ((error as { code?: string }).code !== "0A000") throw error;
      return false;
    },
  );
  const extensions = new Set(names.map(({ name }) => String(name)));
  const binDir =
    CLIENTS[version] === undefined ? cluster.facts.binDir : installationOf(CLIENTS[version]).binDir;
  return {
    cluster,
    binDir,
    isComplete: CLIENTS[version] === undefined,
    abilities: { major: cluster.facts.major, xml, extensions },
  };
}

function installationOf(version: ServerVersion): Installation {
  const found = findServer(version);
  if ("reason" in found) throw new Error(`PostgreSQL ${version} is not here: ${found.reason}`);
  return found.installation;
}

/** The findings of a validation, a line each. */
export function found(outcome: Outcome): string[] {
  return findings(outcome).map(
    ({ severity, about, name, message }) => `${severity}: ${about} ${name} ${message}`,
  );
}

/**
 * Like describe, but skipped by name, with the reason, where one of the servers, or the client programs of
 * one, cannot be had here.
 */
export function describeOn(versions: readonly ServerVersion[], title: string, tests: () => void): void {
  const needed = new Set(versions.flatMap((version) => [version, CLIENTS[version] ?? version]));
  const missing = [...needed].flatMap((version) => {
    const found = findServer(version);
    return "reason" in found ? [`NOT RUN: PostgreSQL ${version}: ${found.reason}`] : [];
  });
  if (missing.length === 0) describe(title, tests);
  else describe.skip(`${title} (${missing.join("; ")})`, tests);
}
