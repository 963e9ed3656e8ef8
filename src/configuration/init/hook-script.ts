/** What the hook has to know of the repository's policy. */
export interface HookPolicy {
  readonly types: readonly string[];
  /** Undefined: any. */
  readonly scopes?: readonly string[] | undefined;
}

/**
 * The hook, as lines of POSIX sh that define and call one function: they stand in a file of their own or
 * among lines of somebody else's. For a message that begins as it should nothing else is started, so a commit
 * waits for a few milliseconds. Names begin with `hf_`, because sh has no local ones.
 *
 * As `pr-policy` judges the same header, but for what needs more than sh: capitals beyond ASCII. Merges,
 * reverts and what `git rebase --autosquash` takes away go through.
 * https://git-scm.com/docs/githooks#_commit_msg
 */
export function hookScript({ types, scopes }: HookPolicy): string {
  return `# The header of the message by Conventional Commits: https://www.conventionalcommits.org
# To commit without this check once: git commit --no-verify
holdfast_commit_msg() {
  hf_types='${types.join(" ")}'
  hf_scopes='${scopes?.every(isPlain) === true ? scopes.join(" ") : ""}'
  hf_auto='[#;@!$%^&|:]'
  hf_header='' hf_maybe='' hf_comment=''
  hf_cr=$(printf '\\r')
  while IFS= read -r hf_line || [ -n "$hf_line" ]; do
    hf_line=\${hf_line%"$hf_cr"}
    case $hf_line in
      # Below it is the difference that "git commit --verbose" shows.
      *' ------------------------ >8 ------------------------') break ;;
      [a-zA-Z]*) hf_header=$hf_line; break ;;
      *[!' 	']*) ;;
      *) continue ;;
    esac
    # Not a letter: a comment, by whatever character git has been told, or a header that is wrong.
    if [ -z "$hf_comment" ]; then
      hf_comment=$(git config --get core.commentString || git config --get core.commentChar || echo '#')
    fi
    hf_rest=\${hf_line#"$hf_comment"}
    if [ "$hf_comment" = auto ]; then hf_rest=\${hf_line#$hf_auto}; fi
    if [ "$hf_rest" = "$hf_line" ]; then hf_header=$hf_line; break; fi
    case $hf_rest in
      ''|' '*|'	'*) ;;
      # Git takes it away with the comments, unless the message came by "-m".
      *) [ -n "$hf_maybe" ] || hf_maybe=$hf_line ;;
    esac
  done < "$1"
  [ -n "$hf_header" ] || hf_header=$hf_maybe
  case $hf_header in
    # Git itself ends a commit without a message.
    '') return 0 ;;
    'Merge branch '*|'Merge branches '*|'Merge pull request '*) return 0 ;;
    'Merge tag '*|'Merge tags '*|'Merge commit '*|'Merge commits '*) return 0 ;;
    'Merge remote-tracking branch '*|'Merge remote-tracking branches '*) return 0 ;;
    'Revert "'*|'Reapply "'*|'fixup! '*|'squash! '*|'amend! '*) return 0 ;;
  esac
  hf_rest=''
  for hf_type in $hf_types; do
    case $hf_header in
      "$hf_type("*|"$hf_type!"*|"$hf_type:"*) hf_rest=\${hf_header#"$hf_type"}; break ;;
    esac
  done
  hf_wrong=''
  hf_scope=''
  case $hf_rest in
    '') hf_wrong="it begins with no type of: $hf_types" ;;
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
    case $hf_scope in
      ''|*[/,\\\\]*) ;;
      *) case " $hf_scopes " in *" $hf_scope "*) ;; *) hf_wrong="its scope is none of: $hf_scopes" ;; esac ;;
    esac
  fi
  if [ -z "$hf_wrong" ]; then
    case $hf_subject in
      '') hf_wrong='it has no subject' ;;
      *' ') hf_wrong='it ends with a space' ;;
      *.) hf_wrong='its subject ends with a full stop' ;;
      [ABCDEFGHIJKLMNOPQRSTUVWXYZ]*) hf_wrong='its subject begins with a capital' ;;
    esac
  fi
  # Bytes, in some shells: only what is long is counted, by what begins a character.
  if [ -z "$hf_wrong" ] && [ \${#hf_header} -gt 100 ]; then
    hf_length=$(printf %s "$hf_header" | LC_ALL=C tr -d '\\200-\\277' | wc -c)
    [ "$hf_length" -le 100 ] || hf_wrong='it is longer than 100 characters'
  fi
  [ -n "$hf_wrong" ] || return 0
  printf 'commit-msg: %s\\n  %s\\n' "$hf_header" "$hf_wrong" >&2
  printf '  as it should be: fix(cart): keep items after a reload\\n' >&2
  printf '  the message is kept: git commit --edit --file="%s"\\n' "$1" >&2
  return 1
}
holdfast_commit_msg "$1" || exit 1
`;
}

/**
 * Anything else could end the quotes around it, or falls apart at its spaces: then any scope goes through,
 * and `pr-policy` says more.
 */
function isPlain(scope: string): boolean {
  return /^[\w.@-]+$/.test(scope);
}
