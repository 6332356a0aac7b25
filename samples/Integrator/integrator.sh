#!/usr/bin/env bash
# Tasks at certctl's REST API, by curl and jq. README.md says how to run it.
set -euo pipefail
# What fails inside $(…) fails the script.
shopt -s inherit_errexit

for name in CERTCTL_URL CERTCTL_CA_FILE CERTCTL_API_KEY; do
  [ -n "${!name:-}" ] || { echo "$name is needed; see README.md." >&2; exit 1; }
done

# call METHOD PATH [OPTION OF CURL]...: the body of the answer. A refusal ends the script with the server's words.
call() {
  local method=$1 path=$2 answer status
  shift 2
  # The key comes through a pipe: every user of the machine can read command lines.
  answer=$(curl --silent --show-error --proto =https --cacert "$CERTCTL_CA_FILE" --request "$method" --write-out '\n%{http_code}' \
    --header @<(printf 'Authorization: Bearer %s\n' "$CERTCTL_API_KEY") "$@" "${CERTCTL_URL%/}/api/v1/$path")
  status=${answer##*$'\n'}
  answer=${answer%$'\n'*}
  if [ "$status" -ge 300 ]; then
    jq -r '"\(.status) \(.detail) (request \(.request_id))"' <<<"$answer" >&2
    exit 1
  fi
  printf '%s\n' "$answer"
}

# rows PATH NAME=VALUE...: each row of the list as a line of JSON, a page after the other.
rows() {
  local path=$1 cursor="" page fields=() field
  shift
  for field; do fields+=(--data-urlencode "$field"); done
  while :; do
    page=$(call GET "$path" --get "${fields[@]}" --data-urlencode per_page=500 ${cursor:+--data-urlencode "cursor=$cursor"})
    jq -c '.data[]' <<<"$page"
    cursor=$(jq -r '.next_cursor // ""' <<<"$page")
    [ -n "$cursor" ] || return 0
  done
}

# etag PATH: of what stands there, as If-Match wants it. By HEAD and sed: curl before 7.84 cannot print one header.
etag() {
  local head tag
  head=$(curl --silent --show-error --proto =https --cacert "$CERTCTL_CA_FILE" --head \
    --header @<(printf 'Authorization: Bearer %s\n' "$CERTCTL_API_KEY") "${CERTCTL_URL%/}/api/v1/$1" | tr -d '\r')
  tag=$(sed -n 's/^etag: *\("[^"]*"\)$/\1/Ip' <<<"$head")
  if [ -z "$tag" ]; then
    # A refusal has a body that says why only after GET. Without one nothing is changed either.
    call GET "$1" >/dev/null
    echo "$1 was answered without an ETag: ${head%%$'\n'*}; try again." >&2
    exit 1
  fi
  printf '%s' "$tag"
}

case "$#:${1:-}" in
  # The active certificates that end within so many days, newest first: serial number, end, name.
  2:expiring)
    rows certificates status=active "expires_before=$(date -u -d "+$2 days" +%FT%TZ)" | jq -r '[.serial_number, .expires_at, .name] | @tsv'
    ;;
  # How many requests were refused within so many hours: the reason and the count, by reason. A flood of the like is one event with its count.
  2:refused)
    rows audit outcome=refused "from=$(date -u -d "-$2 hours" +%FT%TZ)" | jq -sr 'group_by(.reason)[] | [.[0].reason, (map(.count) | add)] | @tsv'
    ;;
  # Revokes one; the reason as RFC 5280 section 5.3.1 writes it.
  3:revoke)
    body=$(jq -n --arg reason "$3" '{reason: $reason, note: "by the sample integrator"}')
    call POST "certificates/$2/revoke" --json "$body" | jq -r .status
    ;;
  # Sets the longest life of what is issued under a certificate profile; a change that another person made meanwhile is not overwritten.
  3:profile-ttl)
    seen=$(etag "profiles/$2")
    profile=$(call GET "profiles/$2" | jq --argjson seconds "$3" '.max_ttl_seconds = $seconds')
    call PUT "profiles/$2" --header "If-Match: $seen" --json "$profile" | jq -r .max_ttl_seconds
    ;;
  # Deletes a certificate profile that nothing refers to.
  2:profile-delete)
    seen=$(etag "profiles/$2")
    call DELETE "profiles/$2" --header "If-Match: $seen" >/dev/null
    echo deleted
    ;;
  *)
    echo "expiring DAYS | refused HOURS | revoke SERIAL REASON | profile-ttl ID SECONDS | profile-delete ID" >&2
    exit 2
    ;;
esac
