#!/usr/bin/env bash
# Feeds the decoders what nobody sends, for long (docs/testing.md). The gate does the same for a few seconds a decoder.
#
#   ./fuzz.sh                        every decoder, a million executions each
#   ./fuzz.sh csr 20000000           one decoder, so many executions
#   ./fuzz.sh csr artifacts/fuzz/X   one decoder, one input: what a failed run left behind
#   CERTCTL_FUZZ_SEED=7 ./fuzz.sh    the mutations of a certain run; its seed is printed
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
case ${1:-} in -h | --help) sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;; esac

export DOTNET_NOLOGO=1 CERTCTL_FUZZ_DECODER="${1:-}"
case ${2:-} in
  *[!0-9]*) CERTCTL_FUZZ_INPUT=$(realpath -- "$2") && export CERTCTL_FUZZ_INPUT ;;
  *) export CERTCTL_FUZZ_EXECUTIONS="${2:-1000000}" ;;
esac

dotnet build Certctl.Tests -c Release -v quiet -nologo -clp:NoSummary
log=$(mktemp)
trap 'rm -f -- "$log"' EXIT
result=0
dotnet test Certctl.Tests -c Release --no-build --filter "FullyQualifiedName~Hostile.Fuzz.FuzzTests" \
  --logger "console;verbosity=detailed" >"$log" 2>&1 || result=$?
grep -E "^ *[a-z-]+: [0-9]+ executions|InvalidOperationException : Decoder|Test Run Aborted|^Total tests|^ +(Passed|Failed):" "$log" || tail -n 40 "$log"
exit $result
