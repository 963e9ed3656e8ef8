/** What the recovery kit is about. */
export interface KitFacts {
  readonly recipient: string;
  readonly madeAt: Date;
  /** Where the identity was written, or `undefined` when it was only printed. */
  readonly identityFile: string | undefined;
}

/**
 * The recovery kit: one page, to be printed or kept beside the key, that is enough to get data back when
 * Holdfast, its repository and its authors are gone. It holds no secret. The commands are run by a test
 * exactly as they stand here.
 */
export function recoveryKit({ recipient, madeAt, identityFile }: KitFacts): string {
  const where =
    identityFile === undefined
      ? "It was printed once when this page was made."
      : `It was written to \`${identityFile.replaceAll("`", "'")}\` when this page was made.`;
  return `# Recovery kit

Made on ${madeAt.toISOString().slice(0, 10)} for backups encrypted to this public key (no secret):

    ${recipient}

## The key

The matching **identity** (one line, \`AGE-SECRET-KEY-1…\`) opens the backups. Without it they are lost;
nobody can recover it. ${where}

- Keep two copies in different places: a password manager, and a safe or sealed envelope.
- Keep it away from the database, from the store, and from the account that writes the backups: who breaks
  into those must not find it.
- The job that makes backups needs the public key only. The job that validates needs the identity.
- Once a year, take the copy from the safe and run the commands below with it.

## Getting the data back without Holdfast

You need the programs \`age\` (1.0 or newer), \`zstd\`, and PostgreSQL's \`pg_restore\`, at least as new as
the server the backup is from; Debian and Ubuntu have them as \`age\`, \`zstd\` and \`postgresql-client\`.

1. In the store, open the newest \`manifests/<source>/<tier>/<backup-id>.json\`. Under \`artifacts\` it
   names the files (\`path\`) with their sizes and SHA-256, before (\`stored\`) and after (\`plain\`)
   decryption. Download the one of kind \`full\`; where there is none, the ones of kind \`schema\` and
   \`data\` (see below).
2. Save the identity as \`identity.txt\` and the file as \`backup.dump.zst.age\`, then:

\`\`\`sh
age --decrypt --identity identity.txt --output backup.dump.zst backup.dump.zst.age
zstd --decompress backup.dump.zst -o backup.dump
pg_restore --no-owner --no-privileges --dbname "$TARGET" backup.dump
\`\`\`

\`$TARGET\` is the URL of a new, empty database: \`postgresql://user:password@host:5432/name\`. Leave the two
\`--no-…\` options out when the original roles exist there.

A backup of kinds \`schema\` and \`data\` is decrypted file by file in the same way, and restored
in three steps, so that neither foreign keys nor triggers get in the way of the rows; afterwards run
\`REFRESH MATERIALIZED VIEW\` where there are any:

\`\`\`sh
pg_restore --no-owner --no-privileges --section pre-data --dbname "$TARGET" schema.dump
pg_restore --no-owner --no-privileges --dbname "$TARGET" data.dump
pg_restore --no-owner --no-privileges --section post-data --dbname "$TARGET" schema.dump
\`\`\`
`;
}
