/** GitHub takes 65,535 letters of all inputs; a person reads one line. */
const LETTERS_MAX = 300;

/**
 * What was seen as the input of a workflow: without what would mean something to a shell, because words of
 * servers are in it, and a workflow may put its inputs into a line of one.
 */
export function reasonOf(told: string): string {
  return told.replace(/[^\w .,:/%+=[\]-]/g, "").slice(0, LETTERS_MAX);
}
