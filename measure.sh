#!/usr/bin/env bash
# Measurements, each on a quiet machine with PostgreSQL's initdb:
#
#   ./measure.sh          what an enrolment costs: server CPU as a multiple of the three RSA-2048 private operations in it, in ten fresh processes that are loaded in turn
#   ./measure.sh est      what an enrolment by EST costs: server CPU as a multiple of the one RSA-2048 private operation in it; SCEP in turn
#   ./measure.sh start    what a start of the published executable costs until the first GetCACaps, on SQLite and on PostgreSQL
#   ./measure.sh starved  whether a server with a fifth of a CPU starts, and how long that takes
#   ./measure.sh ocsp     OCSP answers a second of CPU, signed and cached, beside openssl's P-256 signatures
#   ./measure.sh crl      what a CRL of a million entries costs to encode and to sign
#   ./measure.sh pages    how long each page takes over a million rows, what 200 sessions take, and what 50 cost an enrolment by SCEP
#   ./measure.sh lists    what lists of millions cost (about ten minutes; CERTCTL_TEST_LISTS=20000,100000 for fewer)
#
# CERTCTL_TEST_RUNS=3 makes fewer runs of the first three, CERTCTL_TEST_ENROLMENTS=1000 shorter ones of the first two.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
case ${1:-enrolment} in
  enrolment) tests="FullyQualifiedName~EnrolmentCostTests" ;;
  est) tests="FullyQualifiedName~EstCostTests" ;;
  start) tests="FullyQualifiedName~StartCostTests" ;;
  starved) tests="FullyQualifiedName~StarvedStartTests" ;;
  ocsp) tests="FullyQualifiedName~OcspCostTests" ;;
  crl) tests="FullyQualifiedName~CrlCostTests" ;;
  pages) tests="FullyQualifiedName~PageCostTests" ;;
  lists) tests="FullyQualifiedName~ListCostTests|FullyQualifiedName~ChallengeLookupTests" ;;
  *) sed -n '2,13p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
export DOTNET_NOLOGO=1
dotnet build Certctl.Tests -c Release -v q -clp:NoSummary
dotnet test Certctl.Tests -c Release --no-build --nologo --filter "Category=Measure&($tests)" --logger "console;verbosity=detailed" |
  grep -E "^ +(run|median|start|resident|index builds|SCEP:|certificates |audit |GET |export|commit|Passed|Failed)|Error|not below"
