/**
 * What git compares by and how it writes that: neither the settings of a checkout, of a person or of a
 * machine nor attributes that a pull request brings decide what counts as changed. Each has its option or its
 * setting here, also where it is git's default. https://git-scm.com/docs/git-diff
 */
export const SAME_EVERYWHERE = [
  "--no-ext-diff",
  "--no-textconv",
  "--no-color",
  "--no-relative",
  "--ignore-submodules=none",
  "--submodule=short",
  "--diff-algorithm=myers",
  "--indent-heuristic",
  "--inter-hunk-context=0",
  "--src-prefix=a/",
  "--dst-prefix=b/",
];

/**
 * The same for what has no option, and for what `git log` writes; before git's command.
 * https://git-scm.com/docs/git-config
 */
export const SETTINGS = [
  "diff.orderFile=/dev/null",
  "diff.renameLimit=10000",
  "diff.suppressBlankEmpty=false",
  "diff.mnemonicPrefix=false",
  "diff.noprefix=false",
  "core.quotePath=true",
  "core.bigFileThreshold=512m",
  "log.showSignature=false",
  "log.follow=false",
  "i18n.logOutputEncoding=UTF-8",
].flatMap((setting) => ["-c", setting]);
