import { namesKey } from "./identity.ts";
import { profileOf } from "./profiles.ts";
import type { PlatformRecord } from "./record.ts";

/**
 * The record of a target as a restore takes it: what is only guessed to be a user's is his where the backup
 * says that it is, and the platform's otherwise, so that it stays as it is and is no difference.
 */
export function heldAgainst(target: PlatformRecord, { users }: PlatformRecord): PlatformRecord {
  const guessed = target.guessed ?? [];
  if (guessed.length === 0) return target;
  const his = new Set(users.map((one) => namesKey(one)));
  const doubtful = new Set(guessed.map((one) => namesKey(one)));
  return {
    ...target,
    users: [
      ...target.users.filter((one) => !doubtful.has(namesKey(one))),
      ...guessed.filter((one) => his.has(namesKey(one))),
    ],
  };
}

/** What was judged and not known, at both ends of a restore. */
export interface Doubts {
  /** On the platform's tables in the backup, and left to the platform. */
  readonly left: readonly string[];
  /** The same at the target, where it stays. */
  readonly staying: readonly string[];
  /** Taken for the platform's by who owns it. */
  readonly owned: readonly string[];
}

/** @param target as {@link heldAgainst} has made it */
export function doubtsOf(source: PlatformRecord, target: PlatformRecord): Doubts {
  const titles = ({ users, guessed = [] }: PlatformRecord): string[] => {
    const his = new Set(users.map((one) => namesKey(one)));
    return guessed.filter((one) => !his.has(namesKey(one))).map((one) => one.join(" "));
  };
  return {
    left: titles(source),
    staying: titles(target),
    owned: [...new Set([...ownedBy(source), ...ownedBy(target)])],
  };
}

/** Schemas of a record that its platform is not known to have: nobody but the platform can own them. */
export function unknownSchemas({ name, schemas }: PlatformRecord): string[] {
  const known = new Set(profileOf(name).schemas.map((schema) => schema.name));
  return schemas.filter((schema) => !known.has(schema));
}

function ownedBy(record: PlatformRecord): string[] {
  const { eventTriggers, publications } = profileOf(record.name);
  const isUnknown = ([kind, name]: readonly [string, string]): boolean =>
    (kind === "event-trigger" && !eventTriggers.includes(name)) ||
    (kind === "publication" && !publications.includes(name));
  return [
    ...unknownSchemas(record).map((schema) => `schema ${schema}`),
    ...record.own.filter(isUnknown).map(([kind, name]) => `${kind.replaceAll("-", " ")} ${name}`),
  ];
}
