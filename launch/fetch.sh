# shellcheck shell=bash
# Downloading that survives cut connections, for launch/get-data and launch/get-weights. To be sourced.

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

need_curl() { command -v curl >/dev/null || fail "curl: not found. Install it: apt-get install curl"; }

# one_at_a_time FOLDER: waits until no other script that fetches into FOLDER runs. The lock is on the folder itself and goes
# with this process and what it has started; where there is no flock, or the file system has none, nobody waits.
one_at_a_time() {
  local code=0
  if ! command -v flock >/dev/null || ! exec 9<"$1"; then return; fi
  flock --nonblock --conflict-exit-code 75 9 2>/dev/null || code=$?
  if ((code == 75)); then
    echo "$1: another ${0##*/} is fetching into it; waiting for it to end"
    flock 9
  fi
}

size_of() { stat -c %s "$1" 2>/dev/null || echo 0; }

# fetch URL FILE: downloads to FILE.part, continuing what is there already, and renames it when whole. Tries again while
# there is hope: as often as it takes while more bytes come than ever before, else four times. Standard input is a curl
# configuration: there a token does not show in the list of processes. On failure returns 1 and leaves the HTTP status
# (000: no answer) in `http_status` and curl's words in `reason`.
fetch() {
  local url=$1 file=$2 part=$2.part tries=0 most now code answer secrets
  secrets=$(cat)
  most=$(size_of "$part")
  while true; do
    code=0
    answer=$(curl --config - --fail --silent --location --continue-at - --connect-timeout 30 --speed-limit 1 \
      --speed-time 60 --write-out '%{http_code} %{errormsg}' --output "$part" "$url" <<<"$secrets") || code=$?
    read -r http_status reason <<<"$answer"
    now=$(size_of "$part")
    case $code in
      0)
        mv "$part" "$file"
        return
        ;;
      22) [[ $http_status == 5?? || $http_status == 429 || $http_status == 408 ]] || return 1 ;;
      23) fail "$part: cannot be written ($reason). Make room and run this again: it goes on from here." ;;
      33) # this server cannot continue a download: start over
        rm -f "$part" || return 1
        continue
        ;;
    esac
    if ((now > most)); then tries=0 most=$now; fi
    tries=$((tries + 1))
    if ((tries >= 4)); then return 1; fi
    echo "${url##*/}: $reason (at $now bytes); trying again" >&2
    sleep $((1 << (tries - 1)))
  done
}
