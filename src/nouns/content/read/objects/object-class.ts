import type { ObjectKind } from "../../record.ts";

/**
 * What is compared of an object, field by field. A field is here only if a person can set it, pg_dump writes
 * it and a restore brings it back: a definition taken whole holds what the server keeps for itself too
 * (https://www.postgresql.org/docs/current/catalogs.html says what there is).
 */
export interface ObjectField {
  /** As a difference names it; lower case, words joined by `-`. */
  readonly name: string;
  /** SQL expression over {@link ObjectClass.from}: a value with a text form; null and '' count as not set. */
  readonly sql: string;
  /** How a person sets it, for the documents. */
  readonly set: string;
  /**
   * Between which servers it is compared. `always`: every major from 12 to 18 prints it alike. `same-major`:
   * majors print it differently, as they do expressions and queries. `other-major`: what can be said of such
   * a field across majors, of no use where the field itself is compared.
   */
  readonly compared: "always" | "same-major" | "other-major";
  /** An expression or query printed by the server: {@link canonical} applies. */
  readonly printed?: true;
  /** Compared only where the source has it; a manifest without it may be from before the field was known. */
  readonly whenSet?: true;
  /** The printed definition of the same object says it too: where that is compared, this is of no use. */
  readonly inDefinition?: true;
  /** First major that has it; older servers are not asked. */
  readonly since?: number;
  /** SQL condition under which this role may not read it: neither set nor unset. */
  readonly hidden?: string;
}

/** One class of objects and how it is read. `$1`, `$2` are the scope. */
export interface ObjectClass {
  readonly kind: ObjectKind;
  /** For the documents where one kind has several classes. */
  readonly title?: string;
  /** Where comments and security labels are attached, if they can be. */
  readonly place?: { readonly catalog: string; readonly oid: string };
  /** SQL of the name within its kind, quoted where needed, never an object id. */
  readonly identity: string;
  /** SQL of the owner's name, where it has one of its own. */
  readonly owner?: string;
  /** `FROM … WHERE …`: the objects of the scope that pg_dump writes. */
  readonly from: string;
  readonly fields: readonly ObjectField[];
  /** Only a superuser may read it, and only a superuser's pg_dump writes it. */
  readonly superuser?: true;
}

/** What a query depends on. */
export interface ServerFacts {
  readonly major: number;
  readonly encoding: string;
  readonly superuser: boolean;
}

type Rest = Partial<Omit<ObjectField, "name" | "sql" | "set" | "compared">>;

/** For a field that an object's printed definition says too. */
export const IN_DEFINITION: Rest = { inDefinition: true };

/** A field that every major prints alike. */
export function always(name: string, sql: string, set: string, rest: Rest = {}): ObjectField {
  return { name, sql, set, compared: "always", ...rest };
}

/** A field that holds expressions or queries. */
export function printed(name: string, sql: string, set: string, rest: Rest = {}): ObjectField {
  return { name, sql, set, compared: "same-major", printed: true, ...rest };
}

/** A field that majors name or fill differently. */
export function sameMajor(name: string, sql: string, set: string, rest: Rest = {}): ObjectField {
  return { name, sql, set, compared: "same-major", ...rest };
}

/** What every major says alike of a field that is not. */
export function otherMajor(name: string, sql: string, set: string, rest: Rest = {}): ObjectField {
  return { name, sql, set, compared: "other-major", ...rest };
}

/** True, or not set. */
function whether(sql: string): string {
  return `CASE WHEN ${sql} THEN 'true' END`;
}

/** Something that is so or not so. */
export function flag(name: string, sql: string, set: string, rest: Rest = {}): ObjectField {
  return always(name, whether(sql), set, rest);
}

export function sameMajorFlag(name: string, sql: string, set: string, rest: Rest = {}): ObjectField {
  return sameMajor(name, whether(sql), set, rest);
}

export function otherMajorFlag(name: string, sql: string, set: string, rest: Rest = {}): ObjectField {
  return otherMajor(name, whether(sql), set, rest);
}
