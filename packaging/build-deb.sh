#!/usr/bin/env bash
# Builds certctl_VERSION_ARCH.deb, the runtime included: packaging/build-deb.sh [FOLDER]   (default: artifacts/packages)
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
target=$(mkdir -p "${1:-artifacts/packages}" && cd "${1:-artifacts/packages}" && pwd)
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)
arch=$(dpkg --print-architecture)
case $arch in
  amd64) rid=linux-x64 ;;
  arm64) rid=linux-arm64 ;;
  *) echo "build-deb.sh: no runtime for $arch (amd64, arm64)" >&2; exit 1 ;;
esac
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
root=$work/root

# A copy: with a runtime identifier the lock files and the outputs of the usual build would change.
mkdir "$work/src"
cp -r --parents -t "$work/src" Certctl.Domain Certctl.Application Certctl.Infrastructure Certctl.Api \
  .editorconfig BannedSymbols.txt Directory.* global.json nuget.config
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
dotnet publish "$work/src/Certctl.Api/Certctl.Api.csproj" -c Release -r "$rid" --self-contained true -o "$root/usr/lib/certctl" -v quiet -clp:NoSummary \
  -p:DebugType=none -p:RunAnalyzers=false
install -d "$root/usr/bin" "$root/usr/lib/systemd/system" "$root/etc/certctl" "$root/usr/share/doc/certctl" "$root/usr/share/man/man1" \
  "$root/usr/share/bash-completion/completions" "$root/DEBIAN"
ln -s ../lib/certctl/certctl "$root/usr/bin/certctl"
install -m 0644 packaging/certctl.service "$root/usr/lib/systemd/system/"
install -m 0640 packaging/certctl.env "$root/etc/certctl/"
"$root/usr/lib/certctl/certctl" help-files "$work/help"
gzip -9n <"$work/help/certctl.1" >"$root/usr/share/man/man1/certctl.1.gz"
install -m 0644 "$work/help/certctl.bash" "$root/usr/share/bash-completion/completions/certctl"
cp -r docs/*.md samples/proxy "$root/usr/share/doc/certctl/"
install -m 0644 docs/third-party-notices.md "$root/usr/share/doc/certctl/copyright"
gzip -9n <CHANGELOG.md >"$root/usr/share/doc/certctl/changelog.gz"
find "$root" -type d -exec chmod 0755 {} +
find "$root/usr" -type f ! -name certctl ! -name createdump -exec chmod 0644 {} +
chmod 0755 "$root/usr/lib/certctl/certctl"
for script in postinst prerm postrm; do install -m 0755 "packaging/debian/$script" "$root/DEBIAN/$script"; done
echo /etc/certctl/certctl.env >"$root/DEBIAN/conffiles"
cat >"$root/DEBIAN/control" <<CONTROL
Package: certctl
Version: $version
Architecture: $arch
Maintainer: Certctl <certctl@localhost>
Section: net
Priority: optional
Depends: libc6, libstdc++6, libgcc-s1, libssl3 | libssl3t64, ca-certificates, passwd
Suggests: postgresql
Installed-Size: $(du -sk "$root" --exclude=DEBIAN | cut -f1)
Description: certificate enrolment server for managed devices (SCEP, EST)
 Devices ask it for certificates by SCEP (RFC 8894) and EST (RFC 7030); it
 publishes CRLs and OCSP answers. Operators use a REST API, pages and the
 command line.
CONTROL
dpkg-deb --root-owner-group -Zxz -z3 --build "$root" "$target/certctl_${version}_$arch.deb" >/dev/null
echo "$target/certctl_${version}_$arch.deb"
