import { SUPABASE } from "../../nouns/platform/supabase.ts";
import type { Platform } from "../shadow/platform.ts";
import { ownersAlike } from "./owner-alike.ts";
import { compareStates, type StateDifference } from "./compare-states.ts";
import { schemaFingerprint, seenByAll } from "./schema-fingerprint.ts";
import type { SchemaState } from "./state.ts";
import { describeDifference, inWords } from "./told-difference.ts";
import { toldRights } from "./told-rights.ts";

/** One object that a database has otherwise than its migrations make it. */
export interface Deviation {
  readonly object: string;
  readonly message: string;
  /** Of the live database, against what the migrations make. */
  readonly change: StateDifference["change"];
}

/** What a shadow came to, and on which ground. */
export interface Expected {
  /** With every migration applied. */
  readonly state: SchemaState;
  /** Before the first of them. */
  readonly ground: SchemaState;
  /** Whose stand-in the ground is: at home the platform's own things are others. */
  readonly platform: Platform | undefined;
}

/**
 * What a live database has otherwise than its migrations made it on a shadow, as far as the fingerprint
 * counts it. Of a platform's own things only those are compared that a migration has changed.
 */
export function compareDatabases(live: SchemaState, { state, ground, platform }: Expected): Deviation[] {
  const [here, made, before] = [live, state, ground].map((each) => schemaFingerprint(each).objects);
  const isCounted = (object: string): boolean => {
    // What a project gives its roles by default depends on when it was made.
    if (platform !== undefined && object.startsWith("grant ")) return false;
    const wanted = made!.get(object);
    if (wanted !== undefined) return platform === undefined || before!.get(object) !== wanted;
    return platform === undefined || !isPlatforms(object);
  };
  const counted = new Set([...here!.keys(), ...made!.keys()].filter(isCounted));
  const part = (whole: SchemaState): SchemaState =>
    new Map([...ownersAlike(seenByAll(whole))].filter(([object]) => counted.has(object)));
  return compareStates(part(state), part(live))
    .filter(({ object }) => here!.get(object) !== made!.get(object))
    .map((difference) => ({
      object: difference.object,
      change: difference.change,
      message: describeDeviation(difference),
    }));
}

const OF_DATABASE = {
  missing: "is not in the database, and the migrations make it",
  extra: "is in the database, and no migration makes it",
};

function describeDeviation(difference: StateDifference): string {
  const { change, fields } = difference;
  const whole =
    change === "changed" ? toldRights(difference, OF_DATABASE) : describeDifference(difference, OF_DATABASE);
  if (whole !== undefined) return whole;
  const told = fields
    .map((field) => inWords(difference, field))
    .map(({ name, was, is }) => `${name} is ${is ?? "not set"}, the migrations make ${was ?? "none"}`);
  return `is another one: ${told.join("; ")}`;
}

/** Whose ground a live database stands on, by what no project of another kind has together. */
export function platformOfState(live: SchemaState): Platform | undefined {
  const isSupabase = ["role anon", "role authenticated", "schema auth"].every((object) => live.has(object));
  return isSupabase ? "supabase" : undefined;
}

/** Kinds that a platform brings of its own, and that stand in no schema. */
const WITHOUT_SCHEMA = /^(?:extension|event-trigger|publication|foreign-data-wrapper|server|language) /;
/** None of these names has to be quoted. */
const ITS_SCHEMAS = SUPABASE.schemas.map(({ name }) => name).join("|");
const IN_ITS_SCHEMA = new RegExp(`(?:^|[ (])(?:${ITS_SCHEMAS})(?:[. ]|$)`);

function isPlatforms(object: string): boolean {
  const [, kind = "", name = ""] = /^(\S+) (.*)$/s.exec(object) ?? [];
  return (
    WITHOUT_SCHEMA.test(object) ||
    IN_ITS_SCHEMA.test(name) ||
    (kind === "comment" && WITHOUT_SCHEMA.test(name))
  );
}
