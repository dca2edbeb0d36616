# shellcheck shell=bash
# Tidings for bash: one running program for as many calls as a script makes. Needs bash 4.1 and jq.
#
#   source tidings.bash
#   tidings_start --store sqlite:inbox.db
#   tidings_call send_team_message team_id=crew user_id=ann message_type=note content="Tea is ready"
#   tidings_call get_team_message team_id=crew user_id=bob pageSize:=5 | jq -r '.data[].content'
#   tidings_close
#
# One call at a time: calls in background jobs that overlap would take each other's answers; for those there
# is `tidings call`, which is a program of its own each time.

# Starts the program that TIDINGS_BIN names (or `tidings` on PATH) with the options given, and sees it answer.
# TIDINGS_PID is its process id. Returns 0, or 69 if it does not run.
tidings_start() {
  if [[ -n ${TIDINGS_PID-} ]]; then
    printf 'tidings: it runs already; tidings_close first\n' >&2
    return 64
  fi
  local program=${TIDINGS_BIN:-tidings}
  if ! type -P -- "$program" >/dev/null; then
    printf 'tidings: no program %s; install it, or set TIDINGS_BIN\n' "$program" >&2
    return 69
  fi
  # It waits for a line, since bash closes the descriptors of one that has ended already.
  coproc TIDINGS_COPROC { read -r && exec "$program" serve "$@"; }
  # The coprocess's own descriptors are not there in a pipeline or in $(...); these are.
  # shellcheck disable=SC2153 # bash sets TIDINGS_COPROC and TIDINGS_COPROC_PID
  TIDINGS_PID=$TIDINGS_COPROC_PID
  exec {_tidings_out}<&"${TIDINGS_COPROC[0]}" {_tidings_in}>&"${TIDINGS_COPROC[1]}"
  eval "exec ${TIDINGS_COPROC[0]}<&- ${TIDINGS_COPROC[1]}>&-"
  echo 1>&"$_tidings_in"
  if ! tidings_call ping >/dev/null; then
    tidings_close
    return 69
  fi
}

# tidings_call METHOD [JSON | NAME=TEXT | NAME:=JSON]...
#
# Calls a method and prints its result as JSON on one line. The parameters are one JSON object, or pairs of a
# name and a text (team_id=crew) or a JSON value (pageSize:=5, nids:='["a"]').
#
# Returns 0; or prints `tidings: what is wrong (kind)` on stderr and returns what `tidings call` does: 64 bad
# parameters, 65 conflict, 66 not found, 69 unavailable, 70 internal, 75 try again, 77 forbidden.
tidings_call() (
  trap '' PIPE # A program that is gone is an error, and no end of the script.
  set +x
  method=${1-}
  shift || {
    printf 'tidings: usage: tidings_call METHOD [JSON | NAME=TEXT | NAME:=JSON]...\n' >&2
    exit 64
  }
  if [[ -z ${_tidings_in-} ]]; then
    printf 'tidings: it does not run: tidings_start first\n' >&2
    exit 69
  fi
  if [[ ! $method =~ ^[a-z_.]+$ ]]; then
    printf 'tidings: no method has this name: %s\n' "$method" >&2
    exit 64
  fi
  if (($# == 1)) && [[ $1 =~ ^[[:space:]]*\{ ]]; then
    params=$1
  else
    pairs=()
    for pair; do
      name=${pair%%=*}
      if [[ $name == "$pair" || $name == : || -z $name ]]; then
        printf 'tidings: neither NAME=TEXT nor NAME:=JSON: %s\n' "$pair" >&2
        exit 64
      fi
      if [[ $name == *: ]]; then
        pairs+=(--argjson "${name%:}" "${pair#*=}")
      else
        pairs+=(--arg "$name" "${pair#*=}")
      fi
    done
    params=$(jq -cn "${pairs[@]}" '$ARGS.named') || exit 64
  fi
  id=$BASHPID.$RANDOM
  # In JSON a line break can only be white space; the request has to stay on one line.
  printf '{"jsonrpc":"2.0","id":"%s","method":"%s","params":%s}\n' "$id" "$method" "${params//$'\n'/ }" \
    1>&"$_tidings_in" 2>/dev/null
  # An answer to a call that was interrupted may still be there: it is skipped. An error without an id says
  # that the parameters were no JSON, and is the answer to this call.
  answered=
  while [[ -z $answered ]] && IFS= read -r -u "$_tidings_out" answer; do
    [[ $answer == *'"id":"'"$id"'"'* || $answer == *'"id":null'*'"error":'* ]] && answered=yes
  done
  if [[ -z $answered ]]; then
    printf 'tidings: the program is gone\n' >&2
    exit 69
  fi
  trap - PIPE
  # shellcheck disable=SC2016 # jq's variables
  jq -c '
    def status: {
      invalid_params: 64, method_not_found: 64, invalid_request: 64, parse_error: 64, message_too_large: 64,
      conflict: 65, not_found: 66, store_unavailable: 69, forbidden: 77
    }[.kind] // (if .retryable then 75 else 70 end);
    if .error then
      .error as $error | ($error.data.details.pointer | if . then . + ": " else "" end) as $where |
      "tidings: \($where)\($error.message) (\($error.data.kind))\n" | halt_error($error.data | status)
    else .result end' <<<"$answer"
)

# Ends the program, also while other processes of the script hold its input open. Returns its exit status.
tidings_close() {
  [[ -n ${TIDINGS_PID-} ]] || return 0
  local pid=$TIDINGS_PID
  (
    trap '' PIPE
    printf '%s\n' '{"jsonrpc":"2.0","id":"close","method":"shutdown"}' '{"jsonrpc":"2.0","method":"exit"}' \
      1>&"$_tidings_in" 2>/dev/null
  )
  exec {_tidings_in}>&-
  cat <&"$_tidings_out" >/dev/null
  exec {_tidings_out}<&-
  unset TIDINGS_PID _tidings_in _tidings_out
  wait "$pid"
}
