#!/bin/sh
# Fuzzes a running server through its own OpenAPI document. Needs schemathesis 4.32 (pip install schemathesis).
# Usage: tests/schemathesis.sh [PROGRAM] [EXAMPLES]
set -eu
program=${1:-target/debug/diptych}
examples=${2:-50}
dir=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
export XDG_DATA_HOME="$dir" XDG_CONFIG_HOME="$dir" XDG_STATE_HOME="$dir"
token=$("$program" token add fuzz 2>/dev/null)
"$program" serve --listen 127.0.0.1:0 >"$dir/out" 2>&1 &
server=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
  url=$(sed -n 's/^diptych listens on //p' "$dir/out")
  [ -n "$url" ] && break
  sleep 0.3
done
# A save against a version that moved on is 409 or 412, a missing base 428: answers, not failures. An event stream does not end.
cat >"$dir/schemathesis.toml" <<'TOML'
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "304", "401", "403", "404", "409", "412", "422", "423", "428", "400"]
negative_data_rejection.expected-statuses = ["304", "400", "401", "403", "404", "405", "406", "408", "409", "412", "413", "415", "422", "423", "428", "429", "5xx"]
missing_required_header.enabled = false
TOML
schemathesis --config-file "$dir/schemathesis.toml" run "$url/api/openapi.json" --header "Authorization: Bearer $token" \
  --phases examples,coverage,fuzzing --exclude-path /api/events --checks all --max-examples "$examples" --suppress-health-check all --no-color
