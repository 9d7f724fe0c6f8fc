# shellcheck shell=bash
# Downloading the competition's files with the user's token, for launch/get-data. To be sourced.
#
# Kaggle's command line tool makes the same requests, but does not start in a fresh environment (2.2.4 lacks a
# requirement), takes no other host to be tested with, and tells failures in words that change with its versions.

# shellcheck source-path=SCRIPTDIR source=fetch.sh
source "$(dirname "${BASH_SOURCE[0]}")/fetch.sh"

competition=planet-understanding-the-amazon-from-space
page=https://www.kaggle.com/c/$competition

# The token, as lines of a curl configuration, from where Kaggle's own programs look for it.
credentials() {
  local home=${KAGGLE_CONFIG_DIR:-$HOME/.kaggle} token user key
  value() { sed -nE 's/.*"'"$1"'" *: *"([^"]*)".*/\1/p' "$home/kaggle.json"; }
  if [[ -n ${KAGGLE_API_TOKEN:-} ]]; then
    token=$KAGGLE_API_TOKEN
    if [[ -f $token ]]; then token=$(<"$token"); fi
  elif [[ -n ${KAGGLE_USERNAME:-} && -n ${KAGGLE_KEY:-} ]]; then
    user=$KAGGLE_USERNAME key=$KAGGLE_KEY
  elif [[ -f $home/access_token ]]; then
    token=$(<"$home/access_token")
  elif [[ -f $home/kaggle.json ]]; then
    user=$(value username) key=$(value key)
    [[ -n $user && -n $key ]] || fail "$home/kaggle.json: has no username and key. Create a new token and replace it."
  else
    fail "Kaggle token: not found. Create one at https://www.kaggle.com/settings (API, Create New Token), and put" \
      "kaggle.json into $home, or set KAGGLE_USERNAME and KAGGLE_KEY, or KAGGLE_API_TOKEN."
  fi
  if [[ -n ${token:-} ]]; then
    printf 'oauth2-bearer = "%s"\n' "$token"
  else
    printf 'user = "%s:%s"\n' "$user" "$key"
  fi
}

# download DIR NAME...: the first of these files that is in DIR or that Kaggle has. Sets `archive`.
download() {
  local dir=$1 name token
  shift
  for name in "$@"; do
    archive=$dir/$name
    if [[ -f $archive ]]; then return; fi
  done
  token=$(credentials)
  archive=$dir/$1
  for name in "$@"; do
    echo "Fetching $name"
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
