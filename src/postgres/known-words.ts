/**
 * What of a server's words may be told where rows must not be: in findings, which lie in the store as plain
 * text, and in logs. A function that is called for every row may raise anything, so that words are kept only
 * where their shape is one of the server's own that holds names and never values; values that a type does not
 * take are cut off the end.
 *
 * https://www.postgresql.org/docs/current/error-style-guide.html
 */

const NAME = '"[^"]*"';
/** Types as the server prints them: `numeric(5,2)`, `app.mood[]`, `"Odd".type`. */
const TYPE = String.raw`[\w.$" (),[\]\u0080-\uffff]+?`;
const OPERATOR = String.raw`[-+*/<>=~!@#%^&|${"`"}?]+`;

/** Kinds of objects that a message names. */
const KIND =
  "(?:(?:check |foreign key |unique |exclusion )?constraint|relation|table|column|type|domain|schema|" +
  "index|sequence|view|materialized view|role|user|group|language|extension|collation|database|" +
  "trigger|rule|policy|publication|server|tablespace|function|encoding|access method|operator " +
  "class|operator family|foreign-data wrapper|foreign table|partition|cursor|event trigger|text search " +
  "(?:configuration|dictionary|parser|template)|replication slot|large object|rewrite rule|statistics " +
  "object|parameter|configuration parameter)";
const OF = `(?: (?:of|for|on|in) ${KIND} (?:${NAME}|${TYPE}))?`;

/** Whole messages that hold names alone. */
const KEPT: readonly RegExp[] = [
  `${KIND} ${NAME}${OF} (?:does not exist|already exists|is not unique|has not been populated|has been ` +
    "dropped|contains null values|is not supported|is a generated column|does not support [\\w -]+)",
  `${KIND} ${NAME}${OF} (?:is violated by some row|must be owned by|is not (?:a |an )?[\\w -]+|is already ` +
    `[\\w -]+(?: ${NAME})?|is of type ${TYPE} but expression is of type ${TYPE}|cannot be [\\w -]+)`,
  `column [\\w.$]+ does not exist`,
  `(?:large object|role|relation with OID|type with OID) \\d+ (?:does not exist|was concurrently dropped)`,
  `(?:function|procedure|aggregate) [\\w.$"\\u0080-\\uffff]+\\((?:${TYPE})?\\) ` +
    "(?:does not exist|is not unique)",
  `operator (?:does not exist|is not unique): (?:${TYPE} )?(?:${TYPE}\\.)?${OPERATOR}(?: ${TYPE})?`,
  `(?:new row for relation|insert or update on table|update or delete on table) ${NAME} violates [\\w -]+? ` +
    `constraint(?: ${NAME}(?: (?:of relation|on table) ${NAME})?)?`,
  `null value in column ${NAME}(?: of relation ${NAME})? violates not-null constraint`,
  `(?:duplicate|conflicting) key value violates (?:unique|exclusion) constraint ${NAME}`,
  `(?:value for )?domain ${TYPE} (?:violates check constraint ${NAME}|does not allow null values)`,
  `(?:updated )?partition constraint (?:of relation|for default partition) ${NAME} (?:is|would be) ` +
    "violated by some row",
  `no partition of relation ${NAME} found for row`,
  `new row violates row-level security policy(?: ${NAME})? for table ${NAME}`,
  `query would be affected by row-level security policy for table ${NAME}`,
  `could not create (?:unique index|exclusion constraint) ${NAME}`,
  `could not (?:identify|find) an? [\\w -]+ (?:for|of) type ${TYPE}`,
  `could not determine [\\w -]+`,
  `could not (?:extend|open|read|write|access|load|create|fsync|stat|resize)[\\w -]* ?${NAME}.*`,
  `could not read block \\d+ in file ${NAME}.*`,
  `invalid page in block \\d+ of relation \\S+`,
  `could not (?:open relation with OID|find tuple for \\w+) \\d+`,
  `could not obtain lock on [\\w -]+ ${NAME}`,
  `cache lookup failed for [\\w ]+ \\d+`,
  `value too long for type ${TYPE}`,
  `bit string (?:length \\d+ does not match type|too long for type) ${TYPE}`,
  "(?:(?:small|big)?int(?:eger)?|oid|money|date|timestamp|interval|time|real|double " +
    'precision|numeric|"char"|interval field|cube|year|result) out of range|numeric field overflow|value ' +
    "overflows numeric format|division by zero",
  `cannot take [\\w ]+ of (?:zero|a negative number)`,
  `index row size \\d+ exceeds [\\w ]+ \\d+ for index ${NAME}|index row requires \\d+ bytes, ` +
    "maximum size is \\d+",
  `row is too big: size \\d+, maximum size \\d+`,
  `extra data after last expected column|missing data for column ${NAME}|unexpected end ` +
    "of (?:file|input|COPY data)",
  `cannot insert (?:a non-DEFAULT value )?into column ${NAME}|cannot (?:insert into|update|delete from) ` +
    `(?:view|column) ${NAME}`,
  `column ${NAME} can only be updated to DEFAULT`,
  `expected \\d+ dimensions, not \\d+|different vector dimensions \\d+ and \\d+`,
  `permission denied(?: for| to)? [\\w -]+?(?: ${NAME}| \\S+)?|must be (?:owner of|superuser|able ` +
    "to)[\\w -]*?(?: \\S+)?",
  "deadlock detected|out of shared memory|out of memory|stack depth limit exceeded|canceling [\\w -]+ due " +
    "to [\\w -]+|terminating [\\w -]+ due to [\\w -]+",
  "could not serialize access due to [\\w -]+|cannot execute [\\w ]+ in a read-only transaction|current " +
    "transaction is aborted, commands ignored until end of transaction block",
  `there is no unique constraint matching given keys for referenced table ${NAME}`,
  `multiple primary keys for table ${NAME} are not allowed`,
  `data type ${TYPE} has no default operator class for access method ${NAME}`,
  `functions in [\\w ]+ must be marked \\w+`,
  `(?:new|source) [\\w -]+ \\(${TYPE}\\) is incompatible with .*|encoding ${NAME} does ` +
    `not match locale ${NAME}`,
  `extension ${NAME} has no (?:installation script nor )?update path .*|parameter ${NAME} ` +
    "(?:cannot|requires) [\\w -]+",
  `unrecognized (?:configuration )?parameter ${NAME}`,
  `missing FROM-clause entry for table ${NAME}|no schema has been selected to create in`,
  `COPY from stdin failed: [\\w -]+|the database system is [\\w -]+`,
  `invalid value for parameter ${NAME}: ${NAME}`,
  `foreign key constraint ${NAME} cannot be implemented`,
].map((shape) => new RegExp(`^(?:${shape})$`, "su"));

/** Beginnings of messages that quote a value afterwards; the first group is what may be told. */
const CUT: readonly RegExp[] = [
  `(invalid (?:input syntax for|input value for)(?: (?:type|enum))? ${TYPE}): ".*"`,
  `((?:malformed|invalid) [a-z][a-z -]*(?: (?:literal|syntax|string|name|key|digit|expression))?): ?".*"`,
  "((?:date/time|interval|timestamp|date|time|time zone)[a-z /]* (?:out of range|displacement out " +
    'of range)): ".*"',
  `(could not (?:parse|convert|read|interpret|determine) [a-z -]+): ".*"`,
  `(invalid byte sequence for encoding ${NAME}): .*`,
].map((shape) => new RegExp(`^${shape}$`, "su"));

/** Messages in whose middle a value stands; what follows it may be told. */
const AROUND: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`^(?:value )?".*" is (out of range for type ${TYPE})$`, "su"), "a value is $1"],
  [
    new RegExp(
      `^character with byte sequence [\\dxa-f ]+ in encoding (${NAME}) has no equivalent ` +
        `in encoding (${NAME})$`,
      "su",
    ),
    "a character in encoding $1 has no equivalent in encoding $2",
  ],
  [/^time zone ".*" not recognized$/su, "a time zone is not recognized"],
  [/^invalid value ".*" for ("[^"]*")$/su, "invalid value for $1"],
];

/** Characters; names of objects have 63 bytes, so that longer words quote something. */
const LENGTH_MAX = 1_000;

/** Stands at the end of what was cut. */
const CUT_OFF = "(the value is not shown)";

/** Stands for words that may be anything. */
export const UNKNOWN_WORDS = "the server's words are not shown, because they may quote rows";

/**
 * A server's message without values of rows.
 *
 * @returns undefined where its shape is unknown, so that it may be anything
 */
export function knownWords(message: string): string | undefined {
  if (message.length > LENGTH_MAX) return undefined;
  for (const shape of CUT) {
    const found = shape.exec(message);
    if (found !== null) return `${found[1]!} ${CUT_OFF}`;
  }
  for (const [shape, words] of AROUND) {
    if (shape.test(message)) return `${message.replace(shape, words)} ${CUT_OFF}`;
  }
  return KEPT.some((shape) => shape.test(message)) ? message : undefined;
}

/**
 * The function that was running when an error came, by the first line of the server's CONTEXT; nothing else
 * of it is safe to tell.
 */
export function runningFunction(context: string): string | undefined {
  return /^(?:PL\/\w+|SQL) function "?([\w.$\u0080-\uffff]+(?:\([\w.$" ,[\]\u0080-\uffff]*\))?)/u.exec(
    context,
  )?.[1];
}
