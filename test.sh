#!/usr/bin/env bash
# The gate: restore, build, format, tests. What is missing on the machine is installed first. Runs the same by hand and in CI.
#
#   ./test.sh                  everything
#   ./test.sh --fast           without the hostile, interop and browser tests
#   ./test.sh --filter X       only tests whose full name contains X (or a whole dotnet test filter expression)
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

fast=0
filter=""
while [ $# -gt 0 ]; do
  case $1 in
    --fast) fast=1 ;;
    --filter)
      [ $# -ge 2 ] || { echo "test.sh: --filter needs a value" >&2; exit 2; }
      filter=$2
      shift
      ;;
    -h|--help) sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) echo "test.sh: unknown option $1 (--fast, --filter X)" >&2; exit 2 ;;
  esac
  shift
done

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 MSBUILDDISABLENODEREUSE=1
# A build server that outlives the script would keep its pipes open, and CI waits for them.
export DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false
# Most processes here live for seconds: what the runtime learns about their hot loops costs more than it gives.
export DOTNET_TieredPGO=0
export HOME="${HOME:-/root}"

step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }

# ---------------------------------------------------------------------------------------------------------------- tools

have_initdb() { command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
have_pki() { command -v pki >/dev/null && command -v haproxy >/dev/null; }
# pki speaks HTTP through strongSwan's curl plugin, which is a package of its own.
have_pki_http() { compgen -G '/usr/lib/ipsec/plugins/libstrongswan-curl.so' >/dev/null; }

have_faketime() { compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null; }

packages=()
have_initdb || packages+=(postgresql)
command -v openssl >/dev/null || packages+=(openssl)
command -v curl >/dev/null || packages+=(curl)
command -v docker-compose >/dev/null || packages+=(docker-compose)
have_faketime || packages+=(libfaketime)
command -v ocsptool >/dev/null || packages+=(gnutls-bin)
[ -x /usr/sbin/pgbouncer ] || packages+=(pgbouncer)
/usr/bin/python3 -c 'import yaml' 2>/dev/null || packages+=(python3 python3-yaml)
if [ "$fast" = 0 ]; then
  command -v pki >/dev/null || packages+=(strongswan-pki)
  have_pki_http || packages+=(libstrongswan-extra-plugins libstrongswan-standard-plugins)
  command -v haproxy >/dev/null || packages+=(haproxy)
  [ -x /usr/sbin/nginx ] || packages+=(nginx)
  [ -x /usr/sbin/freeradius ] || packages+=(freeradius)
  command -v eapol_test >/dev/null || packages+=(eapoltest)
  command -v zbarimg >/dev/null || packages+=(zbar-tools)
  command -v jq >/dev/null || packages+=(jq)
  command -v chromium >/dev/null || packages+=(chromium)
fi

if [ ${#packages[@]} -gt 0 ]; then
  step "Installing ${packages[*]}"
  command -v apt-get >/dev/null || { echo "test.sh: no apt-get here; install by hand: ${packages[*]}" >&2; exit 1; }
  as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "test.sh: run as root, or install by hand: ${packages[*]}" >&2; exit 1; }
    as_root=(sudo)
  fi
  log=$(mktemp)
  if ! { "${as_root[@]}" apt-get update -q && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -q --no-install-recommends "${packages[@]}"; } >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    echo "test.sh: could not install ${packages[*]}" >&2
    exit 1
  fi
  rm -f -- "$log"
fi

# Not taken on trust: a package may be there without the tool that it used to have.
missing=()
have_initdb || missing+=("initdb (postgresql)")
have_faketime || missing+=("libfaketimeMT.so.1 (libfaketime)")
[ -x /usr/sbin/pgbouncer ] || missing+=("pgbouncer")
for tool in openssl curl docker-compose; do command -v $tool >/dev/null || missing+=("$tool"); done
/usr/bin/python3 -c 'import yaml' 2>/dev/null || missing+=("python3-yaml")
if [ "$fast" = 0 ]; then
  have_pki || missing+=("pki (strongswan-pki) or haproxy")
  for tool in nginx freeradius; do [ -x /usr/sbin/$tool ] || missing+=("$tool"); done
  command -v eapol_test >/dev/null || missing+=("eapol_test (eapoltest)")
  for tool in jq chromium zbarimg; do command -v $tool >/dev/null || missing+=("$tool"); done
  have_pki_http || missing+=("strongSwan's curl plugin (libstrongswan-extra-plugins)")
fi
command -v dotnet >/dev/null || missing+=("dotnet (.NET SDK 10)")
if [ ${#missing[@]} -gt 0 ]; then
  printf 'test.sh: missing: %s\n' "${missing[@]}" >&2
  exit 1
fi

# ---------------------------------------------------------------------------------------------------------------- build

step "Locked restore"
dotnet restore Certctl.sln --locked-mode -v quiet

step "Release build, warnings are errors"
dotnet build Certctl.sln -c Release --no-restore -v quiet -clp:NoSummary

# Style and analyzers are the build's, the order of usings CodingRuleTests': what is left reads sources alone. Its verdict comes after the tests.
results=$(mktemp -d)
dotnet format whitespace . --folder --verify-no-changes -v quiet </dev/null >"$results/format" 2>&1 &
format=$!
trap 'kill "$format" 2>/dev/null || true; rm -rf -- "$results"' EXIT

# ---------------------------------------------------------------------------------------------------------------- tests

# Measurements need a quiet machine: ./measure.sh
terms=("Category!=Measure")
[ "$fast" = 0 ] || terms+=(
  "FullyQualifiedName!~Certctl.Tests.Hostile" "FullyQualifiedName!~Certctl.Tests.Interop" "FullyQualifiedName!~Certctl.Tests.Browser"
)
if [ -n "$filter" ]; then
  case $filter in
    *[=~]*) terms+=("($filter)") ;;
    *) terms+=("FullyQualifiedName~$filter") ;;
  esac
fi
expression=""
for term in "${terms[@]}"; do expression+="${expression:+&}$term"; done

step "Tests on real PostgreSQL and SQLite (pending migrations: Certctl.Tests.Infrastructure.Persistence)"
arguments=(test Certctl.Tests/Certctl.Tests.csproj -c Release --no-build --nologo -v quiet
  --results-directory "$results" --logger "trx;LogFileName=tests.trx" --logger "console;verbosity=minimal"
  --blame-hang-timeout 8m --blame-hang-dump-type none)
[ -z "$expression" ] || arguments+=(--filter "$expression")
runner=0
dotnet "${arguments[@]}" </dev/null || runner=$?

trx="$results/tests.trx"
if [ ! -s "$trx" ]; then
  echo "test.sh: the test run left no results (exit code $runner)" >&2
  exit 1
fi

# One result a line: the file is XML that the test platform writes, its attributes never hold a raw line break.
result_lines() { tr '\n' ' ' <"$trx" | sed 's/<UnitTestResult /\n&/g' | grep '^<UnitTestResult ' || true; }
count() { result_lines | grep -c "^[^>]* outcome=\"$1\"" || true; }
passed=$(count Passed)
skipped=$(count NotExecuted)
total=$(result_lines | wc -l)
failed=$((total - passed - skipped))
# A host that died takes its unfinished tests with it: they are in no file, but the run has failed.
if [ "$runner" != 0 ] && [ "$failed" = 0 ]; then
  echo "test.sh: the test runner ended with exit code $runner although no test is listed as failed" >&2
  failed=1
fi

step "Format"
formatted=0
wait "$format" || formatted=$?
cat -- "$results/format"

step "Slowest tests"
result_lines | sed -n 's/^[^>]* testName="\([^"]*\)"[^>]* duration="\([^"]*\)".*/\2 \1/p' | sort -r | sed -n '1,12p' | cut -c1-160

if [ "$skipped" != 0 ]; then
  step "Skipped"
  result_lines | grep '^[^>]* outcome="NotExecuted"' |
    sed 's/^[^>]* testName="\([^"]*\)".*/\1 &/; s/ <UnitTestResult.*<Message>\(.*\)<\/Message>.*/: \1/; s/ <UnitTestResult.*//' | cut -c1-240
fi

verdict=0
[ "$failed" = 0 ] && [ "$runner" = 0 ] || verdict=1
if [ "$formatted" != 0 ]; then
  echo "test.sh: dotnet format would change the files above" >&2
  failed=$((failed + 1))
  verdict=1
fi
if [ $((passed + failed)) = 0 ]; then
  echo "test.sh: no test ran" >&2
  verdict=1
fi
# In CI everything has just been installed: what is skipped there is skipped everywhere, so nobody would ever run it.
if [ "${CI:-}" = true ] && [ "$skipped" != 0 ]; then
  echo "test.sh: in CI a skipped test is a failure" >&2
  failed=$((failed + skipped))
  skipped=0
  verdict=1
fi

printf '\n(%ss)\n' "$SECONDS"
if [ "$skipped" != 0 ]; then
  echo "$passed passed, $failed failed, $skipped skipped"
else
  echo "$passed passed, $failed failed"
fi
exit $verdict
