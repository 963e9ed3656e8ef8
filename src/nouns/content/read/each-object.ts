import type { DatabaseSession } from "../../../ports/database.ts";
import type { ContentScope, ObjectKind } from "../record.ts";
import { scopeValues } from "../scope.ts";
import { OBJECT_CLASSES } from "./objects/all.ts";
import { ATTACHMENTS, type Attachment, type AttachmentRow } from "./objects/attachments.ts";
import { HIDDEN } from "./objects/field-digests.ts";
import type { ObjectClass, ObjectField, ServerFacts } from "./objects/object-class.ts";
import { fieldsOn, objectQuery, type ObjectRow } from "./objects/object-query.ts";
import { decodeText } from "./objects/server-text.ts";

/** A field of an object as the server prints it; `hidden` where the role may not read it. */
export interface FoundField {
  readonly name: string;
  readonly text: string;
  readonly hidden: boolean;
  /** An expression or query printed by the server: `canonical` applies. */
  readonly printed: boolean;
}

/** One object of the database. */
export interface FoundObject {
  readonly kind: ObjectKind;
  readonly identity: string;
  /** Fields that are set, in the order of their declaration. */
  readonly fields: readonly FoundField[];
  /** Its owner, where it has one of its own. */
  readonly owner: string | null;
  /** `<catalog> <oid>`, where comments are attached. */
  readonly place: string | null;
}

/** Who is told what is read. */
export interface ObjectReader {
  /** A kind is about to be read: it is known, even where nothing of it is there. */
  kind(kind: ObjectKind): void;
  object(object: FoundObject): void;
}

/**
 * Reads every object in scope, and what is said of objects: comments, security labels. A kind that the role
 * may not read is not told of.
 *
 * @param session with `PINNED_SETTINGS`
 * @param again the session will read the same more than once, and it is held against nothing but that: a
 *   server of the same major. Statements are kept ready
 */
export async function eachObject(
  session: DatabaseSession,
  scope: ContentScope,
  server: ServerFacts,
  reader: ObjectReader,
  again = false,
): Promise<void> {
  const places = new Map<string, string>();
  const watching: ObjectReader = {
    kind: (kind) => reader.kind(kind),
    object(object) {
      if (object.place !== null) places.set(object.place, `${object.kind} ${object.identity}`);
      reader.object(object);
    },
  };
  const readable = OBJECT_CLASSES.filter((each) => each.superuser !== true || server.superuser);
  const few = again ? readable.filter(({ kind }) => !MANY.has(kind)) : [];
  const questions = [
    ...readable.filter((each) => !few.includes(each)).map((each) => ofClass(server, each, watching, again)),
    ...(few.length > 0 ? [ofFew(server, few, watching)] : []),
    ...ATTACHMENTS.map((each) => ofAttachment(server, each, places, reader)),
  ];
  const values = scopeValues(scope);
  if (again) await askedAhead(session, questions, values);
  else for (const { sql, tell } of questions) tell(await session.query(sql, values));
}

/** What is asked of the server, and what is done with its answer. */
interface Question {
  readonly sql: string;
  readonly tell: (rows: readonly object[]) => void;
}

/** While the server works on the next question, the last answer is taken apart here. */
async function askedAhead(
  session: DatabaseSession,
  questions: readonly Question[],
  values: readonly unknown[],
): Promise<void> {
  const asked = questions.map(({ sql }) => session.queryPrepared(sql, values));
  // The first that fails is told below; those behind it fail for its sake.
  const settled = Promise.allSettled(asked);
  try {
    for (const [at, { tell }] of questions.entries()) {
      const rows = await asked[at]!;
      // The session sends the next question as soon as nothing else is to be done.
      await new Promise((resolve) => setImmediate(resolve));
      tell(rows);
    }
  } finally {
    await settled;
  }
}

function ofAttachment(
  server: ServerFacts,
  { kind, field, sql }: Attachment,
  places: ReadonlyMap<string, string>,
  reader: ObjectReader,
): Question {
  return {
    sql: sql(server),
    tell(rows) {
      reader.kind(kind);
      for (const row of rows as readonly AttachmentRow[]) {
        const object = row.large === null ? attachedTo(row, places, server) : `large object ${row.large}`;
        if (object === undefined) continue;
        const text = decodeText(server, row.text);
        reader.object({
          kind,
          identity: row.prefix === "" ? object : `${row.prefix} ${object}`,
          owner: null,
          place: null,
          fields: [{ name: field, text, hidden: false, printed: false }],
        });
      }
    },
  };
}

/** Kinds of which a database has many: each is read by itself. */
const MANY: ReadonlySet<ObjectKind> = new Set([
  "table",
  "column",
  "constraint",
  "index",
  "sequence",
  "trigger",
  "policy",
  "view",
  "function",
]);

/** A row of several classes' objects; the fields' texts in the order of {@link fieldsOn}. */
interface MixedRow {
  readonly class: number;
  readonly place: string | null;
  readonly identity: string;
  readonly owner: string | null;
  readonly fields: readonly (string | null)[];
}

/**
 * Reads several classes by one statement: of most there is nothing, and asking takes longer than answering.
 */
function ofFew(server: ServerFacts, classes: readonly ObjectClass[], reader: ObjectReader): Question {
  const fields = classes.map((each) => fieldsOn(server, each, true));
  const parts = classes.map((each, at) => {
    const texts = fields[at]!.map((_, place) => `o.f${place}`).join(", ");
    const rows = objectQuery(server, each, fields[at]);
    return `
      SELECT ${at} AS class, o.place::text AS place, o.identity, o.owner::text AS owner,
             ARRAY[${texts}]::text[] AS fields
        FROM (${rows}) AS o
    `;
  });
  return {
    sql: parts.join("\nUNION ALL\n"),
    tell(rows) {
      for (const { kind } of classes) reader.kind(kind);
      for (const row of rows as readonly MixedRow[]) {
        tell(server, classes[row.class]!, fields[row.class]!, row, (at) => row.fields[at], reader);
      }
    },
  };
}

/** Reads the objects of one class alone. */
export async function eachOfClass(
  session: DatabaseSession,
  scope: ContentScope,
  server: ServerFacts,
  each: ObjectClass,
  reader: ObjectReader,
): Promise<void> {
  const question = ofClass(server, each, reader, false);
  question.tell(await session.query(question.sql, scopeValues(scope)));
}

function ofClass(server: ServerFacts, each: ObjectClass, reader: ObjectReader, again: boolean): Question {
  const fields = fieldsOn(server, each, again);
  return {
    sql: objectQuery(server, each, fields),
    tell(rows) {
      reader.kind(each.kind);
      for (const row of rows as readonly ObjectRow[]) {
        tell(server, each, fields, row, (at) => row[`f${at}`], reader);
      }
    },
  };
}

function tell(
  server: ServerFacts,
  { kind }: ObjectClass,
  fields: readonly ObjectField[],
  row: Pick<ObjectRow, "place" | "identity" | "owner">,
  sent: (at: number) => string | null | undefined,
  reader: ObjectReader,
): void {
  const found: FoundField[] = [];
  for (let at = 0; at < fields.length; at += 1) {
    const text = sent(at);
    if (text !== null && text !== undefined) found.push(...foundField(server, fields[at]!, text));
  }
  const owner = row.owner === null ? null : decodeText(server, row.owner);
  reader.object({ kind, identity: decodeText(server, row.identity), fields: found, owner, place: row.place });
}

/** The empty text counts as not set. */
function foundField(server: ServerFacts, field: ObjectField, sent: string): FoundField[] {
  const [name, isPrinted] = [field.name, field.printed === true];
  if (field.hidden !== undefined && sent === HIDDEN) {
    return [{ name, text: HIDDEN, hidden: true, printed: isPrinted }];
  }
  const text = decodeText(server, sent);
  return text === "" ? [] : [{ name, text, hidden: false, printed: isPrinted }];
}

/** Columns stand with their relation; what is attached to anything out of scope is undefined. */
function attachedTo(
  row: AttachmentRow,
  places: ReadonlyMap<string, string>,
  server: ServerFacts,
): string | undefined {
  const object = places.get(row.place);
  if (object === undefined || row.column === null) return object;
  return `column ${object.replace(/^[a-z-]+ /, "")}.${decodeText(server, row.column)}`;
}
