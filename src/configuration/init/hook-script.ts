/** What the hook has to know of the repository's policy. */
export interface HookPolicy {
  readonly types: readonly string[];
  /** Undefined: any. */
  readonly scopes?: readonly string[] | undefined;
}

/**
 * The hook, as lines of POSIX sh that define functions and call one: they stand in a file of their own or
 * among lines of somebody else's. For a message that begins as it should nothing else is started, so a commit
 * waits for a few milliseconds. Names begin with `hf_`, because sh has no local ones.
 *
 * As `pr-policy` judges the same header. Merges, reverts and what `git rebase --autosquash` takes away go
 * through. https://git-scm.com/docs/githooks#_commit_msg
 */
export function hookScript(policy: HookPolicy): string {
  return `# The header of the message by Conventional Commits: https://www.conventionalcommits.org
# To commit without this check once: git commit --no-verify
${KEEP}${begin(policy)}${JUDGE}${TELL}holdfast_commit_msg "$1" || exit 1
`;
}

/** What marks the difference that `git commit --verbose` shows, whatever the comments begin with. */
const SCISSORS = "*' ------------------------ >8 ------------------------'";

/** What comments begin with: https://git-scm.com/docs/git-config */
const COMMENT = "git config --get core.commentString || git config --get core.commentChar || echo '#'";

/**
 * Puts the text of a refused message, without comments and without a difference, into a file of its own:
 * what git has left holds both, and given to `git commit --file` they would become part of the message. Its
 * path is absolute, because git runs this in the root and people are below it.
 */
const KEEP = `holdfast_keep() {
  hf_kept=$(CDPATH= cd -- "$(dirname "$1")" && pwd -W 2>/dev/null) ||
    hf_kept=$(CDPATH= cd -- "$(dirname "$1")" && pwd) || return 1
  hf_kept=$hf_kept/HOLDFAST_EDITMSG
  hf_mark=$hf_comment
  if [ -z "$hf_mark" ]; then
    hf_mark=$(${COMMENT})
  fi
  case $(git config --get commit.cleanup) in verbatim|whitespace|scissors) hf_mark='' ;; esac
  # A header that looks like a comment came by "-m", where git takes none away.
  if [ "$hf_header" = "$hf_maybe" ]; then hf_mark=''; fi
  if [ "$hf_mark" = auto ]; then
    hf_mark=''
    # Git's own comments have a line of nothing else.
    while IFS= read -r hf_line; do
      case $hf_line in
        ${SCISSORS}) break ;;
        [#\\;@!$%^\\&\\|:]) hf_mark=$hf_line ;;
      esac
    done < "$1"
  fi
  while IFS= read -r hf_line || [ -n "$hf_line" ]; do
    hf_line=\${hf_line%"$hf_cr"}
    case $hf_line in
      ${SCISSORS}) break ;;
      "$hf_mark"*) [ -z "$hf_mark" ] || continue ;;
    esac
    printf '%s\\n' "$hf_line"
  done < "$1" > "$hf_kept" || return 1
  case $hf_kept in
    *[!a-zA-Z0-9/._:-]*) hf_kept="'$(printf %s "$hf_kept" | sed "s/'/'\\\\\\\\''/g")'" ;;
  esac
}
`;

/** Finds the header. */
function begin({ types, scopes }: HookPolicy): string {
  return `holdfast_commit_msg() {
  hf_types='${types.join(" ")}'
  hf_scopes='${scopes?.every(isPlain) === true ? scopes.join(" ") : ""}'
  hf_auto='[#;@!$%^&|:]'
  hf_header='' hf_maybe='' hf_first='' hf_git='' hf_comment=''
  hf_cr=$(printf '\\r')
  while IFS= read -r hf_line || [ -n "$hf_line" ]; do
    hf_line=\${hf_line%"$hf_cr"}
    case $hf_line in
      # Below it is the difference that "git commit --verbose" shows.
      ${SCISSORS}) hf_git=1; break ;;
      [a-zA-Z]*) hf_header=$hf_line; break ;;
      *[!' 	']*) ;;
      *) continue ;;
    esac
    # Not a letter: a comment, by whatever character git has been told, or a header that is wrong.
    if [ -z "$hf_comment" ]; then
      hf_comment=$(${COMMENT})
    fi
    hf_rest=\${hf_line#"$hf_comment"}
    if [ "$hf_comment" = auto ]; then hf_rest=\${hf_line#$hf_auto}; fi
    if [ "$hf_rest" = "$hf_line" ]; then hf_header=$hf_line; break; fi
    [ -n "$hf_first" ] || hf_first=$hf_line
    case $hf_rest in
      # What an editor is given has such lines, "-m" has not.
      '') hf_git=1 ;;
      ' '*|'	'*) ;;
      # Git takes it away with the comments, unless the message came by "-m".
      *) [ -n "$hf_maybe" ] || hf_maybe=$hf_line ;;
    esac
  done < "$1"
  if [ -z "$hf_header" ]; then
    # Nothing but comments, and no editor: git takes none away.
    [ -n "$hf_maybe$hf_git" ] || hf_maybe=$hf_first
    hf_header=$hf_maybe
  fi
  case $hf_header in
    # Git itself ends a commit without a message.
    '') return 0 ;;
    'Merge branch '*|'Merge branches '*|'Merge pull request '*) return 0 ;;
    'Merge tag '*|'Merge tags '*|'Merge commit '*|'Merge commits '*) return 0 ;;
    'Merge remote-tracking branch '*|'Merge remote-tracking branches '*) return 0 ;;
    'Revert "'*|'Reapply "'*|'fixup! '*|'squash! '*|'amend! '*) return 0 ;;
  esac
`;
}

/** From and to, by code points: Latin, Greek, Cyrillic and Armenian, and the Latin of Vietnamese. */
const ALPHABETS = [
  [0xc0, 0x17e],
  [0x1a0, 0x1b0],
  [0x386, 0x3ab],
  [0x400, 0x4ff],
  [0x531, 0x556],
  [0x1ea0, 0x1ef8],
] as const;

/** Their capitals, as lines of sh. */
const CAPITALS = ALPHABETS.flatMap(([from, to]) =>
  Array.from({ length: to - from + 1 }, (_, at) => String.fromCodePoint(from + at)),
)
  .filter((letter) => /\p{Lu}/u.test(letter))
  .join(" ")
  .replace(/.{1,90}(?: |$)/gu, "        $&\\\n")
  .slice(0, -2);

/** Sets `hf_wrong` where the header is none that `pr-policy` would pass. */
const JUDGE = `  hf_rest=''
  for hf_type in $hf_types; do
    case $hf_header in
      "$hf_type("*|"$hf_type!"*|"$hf_type:"*|"$hf_type "*) hf_rest=\${hf_header#"$hf_type"}; break ;;
    esac
  done
  hf_wrong=''
  hf_scope=''
  case $hf_rest in
    '') hf_wrong="it begins with no type of: $hf_types" ;;
    ' '*) hf_wrong='after its type come a colon and one space' ;;
    '('*)
      hf_one=\${hf_rest%%'): '*} hf_two=\${hf_rest%%')!: '*}
      [ \${#hf_one} -le \${#hf_two} ] || hf_one=$hf_two
      if [ "$hf_one" = "$hf_rest" ]; then
        hf_wrong='after its scope come a colon, one space and a subject'
      else
        hf_scope=\${hf_one#'('} hf_rest=\${hf_rest#"$hf_one)"}
      fi ;;
  esac
  if [ -z "$hf_wrong" ]; then
    hf_rest=\${hf_rest#!}
    case $hf_rest in
      ': '*) hf_subject=\${hf_rest#': '} ;;
      ':') hf_subject='' ;;
      *) hf_subject=''; hf_wrong='after its type come a colon and one space' ;;
    esac
  fi
  if [ -z "$hf_wrong" ] && [ -n "$hf_scopes" ]; then
    # Several, with "/", "\\", "," or ", " between them; none at all is well.
    hf_rest=$hf_scope
    while [ -n "$hf_scope" ]; do
      hf_one=\${hf_rest%%[/,\\\\]*}
      case $hf_one in
        ''|*' '*) hf_wrong="its scope is none of: $hf_scopes" ;;
        *) case " $hf_scopes " in *" $hf_one "*) ;; *) hf_wrong="its scope is none of: $hf_scopes" ;; esac ;;
      esac
      [ "$hf_one" != "$hf_rest" ] || break
      hf_rest=\${hf_rest#"$hf_one"}
      case $hf_rest in ', '*) hf_rest=\${hf_rest#', '} ;; *) hf_rest=\${hf_rest#?} ;; esac
    done
  fi
  if [ -z "$hf_wrong" ]; then
    case $hf_subject in
      '') hf_wrong='it has no subject' ;;
      *' ') hf_wrong='it ends with a space' ;;
      *...) ;;
      *.) hf_wrong='its subject ends with a full stop' ;;
    esac
  fi
  if [ -z "$hf_wrong" ]; then
    case $hf_subject in
      [abcdefghijklmnopqrstuvwxyz0123456789]*) ;;
      [ABCDEFGHIJKLMNOPQRSTUVWXYZ]*) hf_wrong='its subject begins with a capital' ;;
      # Letter by letter: what a range of others holds depends on the shell and its locale.
      *) for hf_one in \\
${CAPITALS}; do
          case $hf_subject in "$hf_one"*) hf_wrong='its subject begins with a capital'; break ;; esac
        done ;;
    esac
  fi
  # Bytes, in some shells: only what is long is counted, by what begins a character.
  if [ -z "$hf_wrong" ] && [ \${#hf_header} -gt 100 ]; then
    hf_length=$(printf %s "$hf_header" | LC_ALL=C tr -d '\\200-\\277' | wc -c)
    [ "$hf_length" -le 100 ] || hf_wrong='it is longer than 100 characters'
  fi
`;

/** Says what is wrong, and how the text is taken up again. */
const TELL = `  [ -n "$hf_wrong" ] || return 0
  printf 'commit-msg: %s\\n  %s\\n' "$hf_header" "$hf_wrong" >&2
  printf '  as it should be: fix(cart): keep items after a reload\\n' >&2
  if holdfast_keep "$1" 2>/dev/null; then
    printf '  the message is kept: say git commit again as you did, without -m, and with\\n' >&2
    printf '  -e -F %s\\n' "$hf_kept" >&2
  fi
  return 1
}
`;

/**
 * Anything else could end the quotes around it, or falls apart at its spaces: then any scope goes through,
 * and `pr-policy` says more.
 */
function isPlain(scope: string): boolean {
  return /^[\w.@-]+$/.test(scope);
}
