# shellcheck shell=bash
# Downloading the competition's files with the user's token, for launch/get-data. To be sourced.
#
# Kaggle's command line tool makes the same requests, but does not start in a fresh environment (2.2.4 lacks a
# requirement), takes no other host to be tested with, and tells failures in words that change with its versions.

# shellcheck source-path=SCRIPTDIR source=fetch.sh
source "$(dirname "${BASH_SOURCE[0]}")/fetch.sh"

competition=planet-understanding-the-amazon-from-space
page=https://www.kaggle.com/c/$competition

# The token, as lines of a curl configuration, from where Kaggle's own programs look for it. One of today's kind, which is
# a file of its own, goes before a user name and key that may be left from years ago.
credentials() {
  local home=${KAGGLE_CONFIG_DIR:-${HOME:-~}/.kaggle} token file from=KAGGLE_API_TOKEN user='' key=''
  value() { sed -nE 's/.*"'"$1"'"[[:space:]]*:[[:space:]]*"([^"]*)".*/\1/p' "$home/kaggle.json"; }
  token=$(trimmed "${KAGGLE_API_TOKEN:-}")
  if [[ -n $token && -f $token ]]; then from=$token token=$(trimmed "$(<"$token")"); fi
  for file in "$home/access_token" "$home/access_token.txt"; do
    if [[ -z $token && -f $file ]]; then from=$file token=$(trimmed "$(<"$file")"); fi
  done
  if [[ -z $token ]]; then
    from="KAGGLE_USERNAME and KAGGLE_KEY"
    user=$(trimmed "${KAGGLE_USERNAME:-}") key=$(trimmed "${KAGGLE_KEY:-}")
    if [[ (-z $user || -z $key) && -f $home/kaggle.json ]]; then
      from=$home/kaggle.json user=$(trimmed "$(value username)") key=$(trimmed "$(value key)")
      [[ -n $user && -n $key ]] || fail "$from: has no username and key. Create a new token and replace it."
    fi
    [[ -n $user && -n $key ]] ||
      fail "Kaggle token: not found. Create one at https://www.kaggle.com/settings (API, Create New Token), and put" \
        "kaggle.json or access_token into $home, or set KAGGLE_USERNAME and KAGGLE_KEY, or KAGGLE_API_TOKEN."
  fi
  # A line of its own in curl's configuration would be another option.
  [[ $token$user$key =~ ^[[:graph:]]+$ ]] || fail "$from: is more than a token. Create a new one and replace it."
  if [[ -n $token ]]; then
    printf 'oauth2-bearer = "%s"\n' "$(quoted "$token")"
  else
    printf 'user = "%s"\n' "$(quoted "$user:$key")"
  fi
}

# Without the blanks and line ends around it.
trimmed() {
  local text=$1
  text=${text#"${text%%[![:space:]]*}"}
  printf %s "${text%"${text##*[![:space:]]}"}"
}

# As curl's configuration wants it between quotes.
quoted() {
  local text=${1//\\/\\\\}
  printf %s "${text//\"/\\\"}"
}

# hoist DIR/NAME: where that is a folder which holds a NAME, as Kaggle lists files and unpacked zips have them, puts that in
# its place.
hoist() {
  local path=$1 name=${1##*/}
  if [[ ! -e $path/$name ]]; then return; fi
  mv "$path" "$path.outer" && mv "$path.outer/$name" "$path" || fail "$path: cannot be moved. Check permissions."
  rmdir "$path.outer" || echo "$path.outer: is left, because it holds something else, too" >&2
}

# unzipped ZIP NAME: writes out the file of this name, in whatever folder it is; fails where there is none.
unzipped() {
  local members member
  members=$("$seven" l -ba -slt "$1" 2>/dev/null | sed -n 's/^Path = //p') || return
  member=$(grep -xE "(.*/)?${2//./\\.}" <<<"$members" | tail -n 1) || return
  "$seven" x -bd -y -so "$1" "$member" 2>/dev/null
}

# download DIR NAME...: the first of these files that is in DIR, or in what Kaggle's "Download All" put there, or that
# Kaggle has. Sets `archive`.
download() {
  local dir=$1 name names zip=$1/$competition.zip token
  shift
  for name in "$@"; do
    archive=$dir/$name
    hoist "$archive"
    if [[ -f $archive ]]; then return; fi
  done
  archive=$dir/$1 # whatever it is called where it comes from
  for name in "$@"; do
    if [[ -f $zip ]] && unzipped "$zip" "$name" >"$archive.unzipped"; then
      mv "$archive.unzipped" "$archive"
      return
    fi
    rm -f "$archive.unzipped"
  done
  token=$(credentials)
  names=("$@")
  for name in "$@"; do names+=("$name%2F$name"); done # as Kaggle lists some files: a folder, and in it the file
  for name in "${names[@]}"; do
    echo "Fetching ${name/\%2F//}"
    if fetch "${KAGGLE_API_ENDPOINT:-https://www.kaggle.com}/api/v1/competitions/data/download/$competition/$name" \
      "$archive" <<<"$token"; then return; fi
    case $http_status in
      000) fail "$name: $reason. Check the network and run this again: it goes on where it stopped." ;;
      401) fail "$name: Kaggle does not accept your token (401). Create a new one at https://www.kaggle.com/settings." ;;
      403) fail "$name: Kaggle refuses it (403), most often because you have not accepted the competition's rules." \
        "Log in, accept them at $page/rules, and run this again." ;;
      404) ;;
      *) fail "$name: $reason. Run this again later: it goes on where it stopped." ;;
    esac
  done
  fail "$1: Kaggle has no such file (404). If $page/data offers it, download it there, put it" \
    "into $dir, and run this again."
}
