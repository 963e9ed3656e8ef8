/** One function as it is served now. */
export interface NowServed {
  readonly slug: string;
  /** Undefined where nobody declared one. */
  readonly version: string | undefined;
  /** What it could be taken back to: what was served before, as it was declared; undefined for none. */
  readonly before: string | undefined;
}

/**
 * The manifest's text with what is served now: versions, when they were deployed, and what each is taken back
 * to. Everything else stays as it is written, but for its indentation.
 *
 * @param text a manifest that was read without a problem
 */
export function updatedManifest(text: string, served: readonly NowServed[], at: Date): string {
  const manifest = JSON.parse(text.replace(/^\uFEFF/, "")) as {
    functions: Record<string, Record<string, unknown>>;
  };
  for (const { slug, version, before } of served) {
    const entry = Object.hasOwn(manifest.functions, slug) ? manifest.functions[slug] : undefined;
    if (entry === undefined) continue;
    if (version !== undefined) entry["version"] = version;
    entry["deployed_at"] = at.toISOString();
    const target = `${slug}@${version ?? ""}`;
    if (before !== undefined && before !== version) entry["rollback_target"] = `${slug}@${before}`;
    // It would be taken back to itself.
    else if (entry["rollback_target"] === target) delete entry["rollback_target"];
  }
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
