#!/usr/bin/env bash
# What an enrolment costs: server CPU as a multiple of the three RSA-2048 private operations in it; and what lists of millions cost (about ten minutes,
# CERTCTL_TEST_LISTS=20000,100000 for fewer). On a quiet machine with PostgreSQL's initdb.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
export DOTNET_NOLOGO=1
dotnet build Certctl.Tests -c Release -v q
dotnet test Certctl.Tests -c Release --no-build --filter "Category=Measure" --logger "console;verbosity=detailed" | grep -E "^ +(server|three|ratio|throughput|resident|index builds|certificates |audit |GET |export|commit|Passed|Failed)|Error|not below"
