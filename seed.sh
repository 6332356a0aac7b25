#!/usr/bin/env bash
# Fills an empty PostgreSQL database of certctl's (`certctl migrate` made it) with a year of a fleet, the one that measurements are made on:
#
#   ./seed.sh postgres://user:password@host/database [CERTIFICATES EVENTS]      1000000 5000000 unless said; some five minutes
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
case $# in 1 | 3) ;; *) sed -n '2,4p' "${BASH_SOURCE[0]}" >&2; exit 2 ;; esac
export CERTCTL_SEED_DATABASE_URL=$1 CERTCTL_TEST_LISTS="${2:-1000000},${3:-5000000}" DOTNET_NOLOGO=1
dotnet build Certctl.Tests -c Release -v q -clp:NoSummary
dotnet test Certctl.Tests -c Release --no-build --nologo --filter "FullyQualifiedName~SeedTool" --logger "console;verbosity=normal"
