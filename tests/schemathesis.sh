#!/bin/sh
# Fuzzes a running server through its own OpenAPI document. Needs schemathesis 4.32 (pip install schemathesis).
# Usage: tests/schemathesis.sh [PROGRAM] [EXAMPLES] [PHASES]
#   EXAMPLES  per operation (default 50); PHASES  default examples,coverage,fuzzing,stateful
set -eu
program=$(realpath "${1:-target/debug/diptych}")
examples=${2:-50}
phases=${3:-examples,coverage,fuzzing,stateful}
dir=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
export XDG_DATA_HOME="$dir" XDG_CONFIG_HOME="$dir" XDG_STATE_HOME="$dir"
token=$("$program" token add fuzz 2>/dev/null)
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
schemathesis --config-file "$dir/schemathesis.toml" run "$url/api/openapi.json" --header "Authorization: Bearer $token" \
  --phases "$phases" --exclude-path /api/events --checks all --exclude-checks use_after_free --max-examples "$examples" --suppress-health-check all --no-color
