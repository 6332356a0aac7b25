#!/usr/bin/env bash
# Installs, runs, upgrades, removes and purges the Debian package in a copy-on-write view of this machine, as root:
#   packaging/test-deb.sh [FILE.deb]     (builds one where none is named)
# Without systemd as PID 1 the unit's restrictions are not all at work: /proc is as the unit has it, and where strace is installed, the system
# calls of the service are held against the unit's filter. systemd-analyze judges the rest.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
if [ "${1:-}" = --inside ]; then
  deb=$2 next=$3
  say() { printf '== %s\n' "$*"; }
  fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
  serve() { # Starts it as the unit does, as far as that goes without systemd.
    set -a; . /etc/certctl/certctl.env; set +a
    setpriv --reuid certctl --regid certctl --init-groups --no-new-privs --bounding-set -all env -u HOME "${traced[@]}" /usr/lib/certctl/certctl serve 2>/tmp/log &
    server=$!
    for _ in $(seq 240); do
      curl -fsS --cacert /var/lib/certctl/q/ca.crt https://localhost:18443/ready >/dev/null 2>&1 && return
      sleep 0.5
    done
    cat /tmp/log >&2; fail "it does not serve"
  }
  stop() { kill "$server"; wait "$server" || true; }
  certificates() { curl -fsS --cacert /var/lib/certctl/q/ca.crt -H "Authorization: Bearer $key" https://localhost:18443/api/v1/certificates | grep -o '"total":[0-9]*'; }

  traced=()
  command -v strace >/dev/null && traced=(strace -D -f -qq -c -o /tmp/calls)

  # The names in a set of system calls, those of the sets in it included.
  calls() {
    local name
    systemd-analyze syscall-filter "$1" | tail -n +2 | sed 's/#.*//; s/ //g; /^$/d' | while read -r name; do
      case $name in @*) calls "$name" ;; *) echo "$name" ;; esac
    done
  }

  say "installation"
  dpkg -i "$deb" >/dev/null
  id certctl >/dev/null || fail "no user"
  [ "$(stat -c '%U:%G %a' /etc/certctl/certctl.env)" = "root:certctl 640" ] || fail "mode of certctl.env"
  [ "$(stat -c '%U:%G %a' /var/lib/certctl)" = "certctl:certctl 700" ] || fail "mode of /var/lib/certctl"
  certctl --version
  man -l --warnings /usr/share/man/man1/certctl.1.gz 2>&1 >/dev/null | grep . && fail "manual page"
  bash -c 'source /usr/share/bash-completion/completions/certctl; complete -p certctl' >/dev/null
  systemd-analyze verify /usr/lib/systemd/system/certctl.service 2>&1 | grep certctl && fail "unit"
  systemd-analyze security --offline=true --threshold=20 /usr/lib/systemd/system/certctl.service | tail -1

  say "first run: keys by quickstart, then the service's own settings"
  runuser -u certctl -- timeout 60 certctl quickstart --data /var/lib/certctl/q --port 18443 --json >/tmp/q.json 2>/tmp/q.log &
  for _ in $(seq 120); do [ -s /tmp/q.json ] && break; sleep 0.5; done
  [ -s /tmp/q.json ] || { cat /tmp/q.log >&2; fail "quickstart"; }
  key=$(sed 's/.*"api_key":"\([^"]*\)".*/\1/' /tmp/q.json)
  challenge=$(sed 's/.*"challenge":"\([^"]*\)".*/\1/' /tmp/q.json)
  pkill -u certctl certctl; sleep 1
  q=/var/lib/certctl/q
  printf '%s' "$challenge" >/etc/certctl/secrets/scep_challenge
  printf 'root:%s:admin' "$key" >/etc/certctl/secrets/api_keys
  chown root:certctl /etc/certctl/secrets/*; chmod 0640 /etc/certctl/secrets/*
  cat >>/etc/certctl/certctl.env <<ENV
CERTCTL_SERVER_HOST=127.0.0.1
CERTCTL_SERVER_PORT=18443
CERTCTL_DATABASE_URL=sqlite:///var/lib/certctl/certctl.db
CERTCTL_SERVER_TLS_CERT_PATH=$q/tls.crt
CERTCTL_SERVER_TLS_KEY_PATH=$q/tls.key
CERTCTL_CA_CERT_PATH=$q/ca.crt
CERTCTL_CA_KEY_PATH=$q/ca.key
CERTCTL_API_KEYS_NAMED_FILE=/etc/certctl/secrets/api_keys
CERTCTL_SCEP_ENABLED=true
CERTCTL_SCEP_RA_CERT_PATH=$q/ra-sign.crt,$q/ra.crt
CERTCTL_SCEP_RA_KEY_PATH=$q/ra-sign.key,$q/ra.key
CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE=/etc/certctl/secrets/scep_challenge
ENV
  serve
  certctl scep enroll https://localhost:18443/scep --cacert $q/ca.crt --challenge-file /etc/certctl/secrets/scep_challenge \
    --subject CN=packaged --out /tmp/device >/dev/null
  [ "$(certificates)" = '"total":1' ] || fail "no certificate"
  kill -HUP "$server"; sleep 1; kill -0 "$server" || fail "SIGHUP ended it"
  stop

  if [ ${#traced[@]} -gt 0 ]; then
    say "system calls"
    for _ in $(seq 60); do [ -s /tmp/calls ] && break; sleep 0.5; done
    awk 'NF >= 5 && $NF ~ /^[a-z_0-9]+$/ && $1 ~ /^[0-9.]+$/ && $NF != "total" {print $NF}' /tmp/calls | sort -u >/tmp/used
    [ "$(wc -l </tmp/used)" -gt 40 ] || fail "strace saw nothing"
    unit=/usr/lib/systemd/system/certctl.service
    for set in $(sed -n 's/^SystemCallFilter=\([^~]\)/\1/p' "$unit"); do calls "$set"; done | sort -u >/tmp/let
    for set in $(sed -n 's/^SystemCallFilter=~//p' "$unit"); do calls "$set"; done | sort -u >/tmp/not
    refused=$(comm -23 /tmp/used /tmp/let; comm -12 /tmp/used /tmp/not)
    [ -z "$refused" ] || fail "the unit refuses what the service calls: $refused"
    traced=()
  else
    say "system calls: not looked at, strace is not installed"
  fi

  say "upgrade with data and settings"
  dpkg -i "$next" >/dev/null
  grep -q 18443 /etc/certctl/certctl.env || fail "settings are lost"
  serve
  [ "$(certificates)" = '"total":1' ] || fail "data is lost"
  stop

  say "removal keeps settings, purge keeps keys"
  dpkg -r certctl >/dev/null
  [ ! -e /usr/lib/certctl/certctl ] && [ -e /etc/certctl/certctl.env ] || fail "removal"
  dpkg --purge certctl >/dev/null 2>/tmp/purge || fail "purge"
  [ ! -e /etc/certctl/certctl.env ] && [ -e /etc/certctl/secrets/api_keys ] && [ -e $q/ca.key ] || fail "purge took keys away"
  say "all is well"
  exit 0
fi

deb=${1:-$(packaging/build-deb.sh | tail -1)}
work=$(mktemp -d)
trap 'umount -q "$work/view" "$work" 2>/dev/null || true; rm -rf -- "$work"' EXIT
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/view"

# The same with a greater version.
dpkg-deb -R "$deb" "$work/next"
sed -i 's/^Version: .*/&+next/' "$work/next/DEBIAN/control"
dpkg-deb --root-owner-group -Zgzip -z1 --build "$work/next" "$work/next.deb" >/dev/null
rm -r "$work/next"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/view"
cp "$deb" "$work/view/tmp/certctl.deb"
mv "$work/next.deb" "$work/view/tmp/next.deb"
unshare --mount --pid --fork bash -c "mount --rbind /dev '$work/view/dev' && mount -t proc -o hidepid=invisible,subset=pid proc '$work/view/proc' \\
  && chroot '$work/view' bash -c \"cd '$PWD' && exec packaging/test-deb.sh --inside /tmp/certctl.deb /tmp/next.deb\""
