/**
 * A workflow without what GitHub has known since May 2026 and our linter and runner do not yet: `queue` below
 * `concurrency` (https://github.com/rhysd/actionlint/issues/657). The line stays as a comment, so that what
 * is found has its number. What the key may say is held by our own rules (test/workflows/rules.ts).
 */
export function withoutQueue(text: string): string {
  return text.replace(/^( +)(queue: max)$/gm, "$1# $2");
}
