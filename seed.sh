#!/usr/bin/env bash
# Fills the empty PostgreSQL database that CERTCTL_DATABASE_URL names (`certctl migrate` made it) with a year of a fleet, the one that measurements are made on:
#
#   CERTCTL_DATABASE_URL=postgres://user:password@host/database ./seed.sh [CERTIFICATES EVENTS]      1000000 5000000 unless said; some five minutes
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
case $#:${CERTCTL_DATABASE_URL:+url} in 0:url | 2:url) ;; *) sed -n '2,4p' "${BASH_SOURCE[0]}" >&2; exit 2 ;; esac
export CERTCTL_SEED_DATABASE_URL=$CERTCTL_DATABASE_URL CERTCTL_TEST_LISTS="${1:-1000000},${2:-5000000}" DOTNET_NOLOGO=1
dotnet build Certctl.Tests -c Release -v q -clp:NoSummary
dotnet test Certctl.Tests -c Release --no-build --nologo --filter "FullyQualifiedName~SeedTool" --logger "console;verbosity=normal"
