#!/bin/sh
# Runs git's own tests of `git merge-file` against this program: a `git` that hands `merge-file` to diptych and all else to git.
# Needs the sources of the installed git, which stay where they are (their licence is not ours), and in them:
#   make GIT-BUILD-OPTIONS t/helper/test-tool && make -C templates
# Usage: tests/git_merge_file.sh GIT_SOURCE [PROGRAM] [TEST...]        (TEST: t6403-merge-file.sh if none is named)
set -eu
source=$(cd "$1" && pwd)
program=${2:-target/debug/diptych}
program=$(cd "$(dirname "$program")" && pwd)/$(basename "$program")
if [ $# -gt 2 ]; then shift 2; else set -- t6403-merge-file.sh; fi
shim=$(mktemp -d)
trap 'rm -rf "$shim"' EXIT
cat >"$shim/git" <<SHIM
#!/bin/sh
# Options before the command are git's own; -c goes on as git itself would hand it to a child.
set_aside=
count=\${GIT_CONFIG_COUNT:-0}
all=
for arg in "\$@"; do
  case "\$set_aside\$arg" in
    next*) export "GIT_CONFIG_KEY_\$count=\${arg%%=*}" "GIT_CONFIG_VALUE_\$count=\${arg#*=}"; count=\$((count + 1)); set_aside= ;;
    -c) set_aside=next ;;
    merge-file) all=yes; break ;;
    *) break ;;
  esac
done
if [ -n "\$all" ]; then
  while [ "\$1" != merge-file ]; do shift; done
  [ "\$count" = 0 ] || export GIT_CONFIG_COUNT="\$count"
  echo "\$*" >>"$shim/calls"
  exec "$program" "\$@"
fi
exec "$(command -v git)" "\$@"
SHIM
chmod +x "$shim/git"
cd "$source/t"
failed=0
for test in "$@"; do
  GIT_TEST_INSTALLED="$shim" sh "./$test" || failed=1
done
echo "merge-file was asked $(wc -l <"$shim/calls") times"
exit $failed
