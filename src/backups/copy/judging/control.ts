import { isHoldfastError } from "../../../kernel/errors.ts";
import type { Finding } from "../../../nouns/catalog/manifest.ts";
import { compareContent, type Difference } from "../../../nouns/content/compare/compare-content.ts";
import { OBJECT_KINDS, type ContentRecord } from "../../../nouns/content/record.ts";
import type { Judged } from "./judge-copy.ts";

/**
 * The control. Servers keep things of their own in their catalogs, and one of tomorrow may keep something in
 * a field that is compared today. So a difference in an object is believed only if a control agrees: the same
 * schema is restored a second time on the same server, and what differs between the two copies is the
 * server's own noise.
 *
 * Only what both copies have, and have otherwise than the source and than each other, is noise: an object
 * that is missing from one of them, or right in one of them, is a loss.
 */

/** How a difference of an object that is there begins; names of fields may follow. */
const DIFFERS = "differs from the source";
const IN_FIELDS = `${DIFFERS} in `;
/** Stands for an object that is compared whole. */
const WHOLE = "definition";

/** Whether there is anything that a control could say something about. */
export function needsControl({ findings }: Judged): boolean {
  return findings.some(isOfObject);
}

/**
 * Asks the control, and never fails for it: where there can be none, every difference is believed.
 *
 * @param expected what the source held
 * @param copy what was judged
 * @param measure restores the schema a second time and measures it
 */
export async function believe(
  judged: Judged,
  expected: ContentRecord,
  copy: ContentRecord,
  measure: () => Promise<ContentRecord>,
): Promise<Judged> {
  if (!needsControl(judged)) return judged;
  try {
    return split(judged, expected, copy, await measure());
  } catch (error) {
    if (!isHoldfastError(error) || error.code === "run.cancelled") throw error;
    return { ...judged, notes: [...judged.notes, `no control was possible: ${error.message}`] };
  }
}

/** Takes the server's own noise out of the findings and names it in the notes. */
export function split(
  judged: Judged,
  expected: ContentRecord,
  copy: ContentRecord,
  control: ContentRecord,
): Judged {
  const between = fieldsByObject(copy, control);
  const fromSource = fieldsByObject(expected, control);
  const findings: Difference[] = [];
  const notes: string[] = [];
  for (const finding of judged.findings) {
    const fields = isOfObject(finding) ? fieldsOf(finding.message) : [];
    const key = keyOf(finding);
    const noise = fields.filter((field) => between.get(key)?.has(field) && fromSource.get(key)?.has(field));
    const left = fields.filter((field) => !noise.includes(field));
    if (noise.length > 0) {
      const what = noise.includes(WHOLE) ? "" : ` in ${noise.join(", ")}`;
      notes.push(
        `${finding.about} ${finding.name} could not be compared${what}: ` +
          "two copies restored on one server differ in it from each other too",
      );
    }
    if (noise.length === 0) findings.push(finding);
    else if (left.length > 0) findings.push({ ...finding, message: IN_FIELDS + left.join(", ") });
  }
  return { ...judged, findings, notes: [...judged.notes, ...notes] };
}

/** In which fields the objects that both have differ, by object. */
function fieldsByObject(one: ContentRecord, other: ContentRecord): Map<string, Set<string>> {
  const { differences } = compareContent(one, other, { rows: false, exact: false });
  const found = differences.filter(isOfObject);
  return new Map(found.map((difference) => [keyOf(difference), new Set(fieldsOf(difference.message))]));
}

function isOfObject({ severity, about, message }: Finding): boolean {
  const isObject = (OBJECT_KINDS as readonly string[]).includes(about);
  return severity === "difference" && isObject && message.startsWith(DIFFERS);
}

function keyOf({ about, name }: Finding): string {
  return `${about} ${name}`;
}

function fieldsOf(message: string): string[] {
  return message.startsWith(IN_FIELDS) ? message.slice(IN_FIELDS.length).split(", ") : [WHOLE];
}
