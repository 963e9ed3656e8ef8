/**
 * npm run changelog: writes CHANGELOG.md from the conventional commits between the version tags, newest
 * first, with what is not released yet on top. The same generator and preset make the notes of a release, so
 * both say the same.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateNotes } from "@semantic-release/release-notes-generator";
import createPreset from "conventional-changelog-conventionalcommits";

const REPOSITORY = "https://github.com/truststream/holdfast";

const HEAD = `# Changelog

Made from the commit messages by \`npm run changelog\`; do not edit. Versions follow https://semver.org,
commits https://www.conventionalcommits.org.
`;

function git(root: string, ...args: string[]): string {
  return execFileSync("git", args, { cwd: root, encoding: "utf8" });
}

/** Version tags that HEAD can see, newest first. */
function versionTags(root: string): string[] {
  const tags = git(root, "tag", "--list", "v*", "--merged", "HEAD", "--sort=-version:refname").split("\n");
  return tags.filter((tag) => /^v\d+\.\d+\.\d+/.test(tag));
}

interface Commit {
  readonly hash: string;
  readonly committerDate: string;
  readonly message: string;
}

function commitsOf(root: string, range: string): Commit[] {
  // Fields end with NUL, which no message can hold.
  const fields = git(root, "log", "--format=%H%x00%cI%x00%B%x00", range).split("\0");
  const commits: Commit[] = [];
  for (let i = 0; i + 2 < fields.length; i += 3) {
    commits.push({ hash: fields[i]!.trim(), committerDate: fields[i + 1]!, message: fields[i + 2]!.trim() });
  }
  return commits;
}

/**
 * One section. `tag` is undefined for what is not released yet; `before` is the tag below, if there is one.
 */
async function section(root: string, tag: string | undefined, before: string | undefined): Promise<string> {
  const end = tag ?? "HEAD";
  const commits = commitsOf(root, before === undefined ? end : `${before}..${end}`);
  const preset = await createPreset();
  const date = tag === undefined ? undefined : git(root, "log", "-1", "--format=%cs", tag).trim();
  const notes = await generateNotes(
    {
      parserOpts: preset.parser,
      writerOpts: { ...preset.writer, finalizeContext: (context: object) => ({ ...context, date }) },
    },
    {
      cwd: root,
      commits,
      lastRelease: before === undefined ? {} : { gitTag: before },
      nextRelease: { version: tag === undefined ? "Unreleased" : tag.slice(1), gitTag: end },
      options: { repositoryUrl: REPOSITORY },
      logger: { log: () => undefined, error: () => undefined },
    },
  );
  const isEmpty = !/^[*#]{1,3} /m.test(notes.replace(/^## .*$/m, ""));
  return isEmpty && tag === undefined ? "" : notes.trim().replace(/^(## .*)\n(?!\n)/, "$1\n\n");
}

/** The text of CHANGELOG.md for the checkout at `root`. */
export async function changelog(root: string): Promise<string> {
  const tags = versionTags(root);
  const sections = await Promise.all(
    [undefined, ...tags].map((tag, index) => section(root, tag, tags[index])),
  );
  return `${[HEAD.trim(), ...sections].filter((text) => text !== "").join("\n\n")}\n`;
}

if (import.meta.main) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  writeFileSync(join(root, "CHANGELOG.md"), await changelog(root));
}
