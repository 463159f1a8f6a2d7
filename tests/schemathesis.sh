#!/bin/sh
# Fuzzes a running server through its own OpenAPI document, with schemathesis of one version; where that is not at hand it is installed
# into a virtual environment of its own. Ends with 75 where it cannot be installed. The requests are the same in every run; SEED gives others.
# Usage: tests/schemathesis.sh [PROGRAM] [EXAMPLES] [PHASES]
#   EXAMPLES  per operation (default 50); PHASES  default examples,coverage,fuzzing,stateful
#   SEED=N            other requests (default 20)
#   DIPTYCH_STORE=postgres://…  over that (empty) database instead of a new file
set -eu
version=4.32.5
root=$(cd "$(dirname "$0")/.." && pwd)
program=$(realpath "${1:-$root/target/debug/diptych}")
examples=${2:-50}
phases=${3:-examples,coverage,fuzzing,stateful}
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT

is_it() { [ "$("$1" --version 2>/dev/null)" = "schemathesis, version $version" ]; }

fuzzer=$(command -v schemathesis || true)
if ! is_it "${fuzzer:-false}"; then
  fuzzer=$root/target/schemathesis/bin/schemathesis
  if ! is_it "$fuzzer"; then
    rm -rf "$root/target/schemathesis"
    if ! python3 -m venv "$root/target/schemathesis" >&2 ||
      ! "$root/target/schemathesis/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version" >"$dir/pip" 2>&1; then
      cat "$dir/pip" >&2 || true
      exit 75
    fi
  fi
fi

export XDG_DATA_HOME="$dir" XDG_CONFIG_HOME="$dir" XDG_STATE_HOME="$dir"
token=$("$program" token add fuzz 2>/dev/null)
: >"$dir/out"
"$program" serve --listen 127.0.0.1:0 >"$dir/out" 2>&1 &
server=$!
until url=$(sed -n 's/^diptych listens on //p' "$dir/out") && [ -n "$url" ]; do
  kill -0 "$server"
  sleep 0.1
done
cd "$dir"
# What a request meets depends on what stands there: a record that is not there is 404, one that moved on 409 or 412, a locked one 423, a
# missing base 428. These are answers, not failures, each only where the document names it; a success that is not 2xx is 304.
cat >"$dir/schemathesis.toml" <<'TOML'
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "304", "400", "404", "409", "412", "422", "423", "428"]
negative_data_rejection.expected-statuses = ["400", "401", "404", "405", "412", "413", "415", "422", "428"]
missing_required_header.expected-statuses = ["400", "401", "422", "428"]
TOML
# A deleted note is no missing one: its tombstone, with `deleted: true`, is what tells other devices of the deletion. So reading it is
# no use after free.
"$fuzzer" --config-file "$dir/schemathesis.toml" run "$url/api/openapi.json" --header "Authorization: Bearer $token" \
  --phases "$phases" --exclude-path /api/events --checks all --exclude-checks use_after_free --max-examples "$examples" --seed "${SEED:-20}" --suppress-health-check all --no-color
