# shellcheck shell=bash
# Tidings for bash: one running program for as many calls as a script makes. Needs bash 4.1 and jq.
#
#   source tidings.bash
#   tidings_start --store sqlite:inbox.db
#   tidings_call send_team_message team_id=crew user_id=ann message_type=note content="Tea is ready"
#   tidings_call get_team_message team_id=crew user_id=bob pageSize:=5 | jq '.data[].content'
#   tidings_close
#
# One call at a time: calls in background jobs that overlap would take each other's answers; for those there
# is `tidings call`, which is a program of its own each time.

# Starts the program that TIDINGS_BIN names (or `tidings` on PATH) with the options given, and sees it answer within
# TIDINGS_START_TIMEOUT seconds (30). TIDINGS_PID is its process id. It has a process group of its own, so Ctrl-C is
# the script's: when that ends, the program's input does, and it finishes and ends too.
#
# Returns 0; or 127 if there is no such program, 75 if it does not answer in time, and otherwise the status that it
# ended with, as 64 for an option that is wrong, or 69.
tidings_start() {
  if [[ -n ${TIDINGS_PID-} ]]; then
    printf 'tidings: it runs already; tidings_close first\n' >&2
    return 64
  fi
  local program=${TIDINGS_BIN:-tidings} _tidings_patience=${TIDINGS_START_TIMEOUT:-30} status=0 ended=0 monitor=+m
  if ! type -P -- "$program" >/dev/null; then
    printf 'tidings: no program %q; install it, or set TIDINGS_BIN\n' "$program" >&2
    return 127
  fi
  if [[ ! $_tidings_patience =~ ^[1-9][0-9]*$ ]]; then
    printf 'tidings: TIDINGS_START_TIMEOUT is no number of seconds: %q\n' "$_tidings_patience" >&2
    return 64
  fi
  [[ $- == *m* ]] && monitor=-m
  # With job control it gets a process group, which ends as a whole: also what a wrapper started. It waits for a line,
  # since bash closes the descriptors of one that has ended already.
  set -m
  coproc TIDINGS_COPROC { read -r && exec "$program" serve "$@"; }
  set "$monitor"
  # The coprocess's own descriptors are not there in a pipeline or in $(...); these are.
  # shellcheck disable=SC2153 # bash sets TIDINGS_COPROC and TIDINGS_COPROC_PID
  TIDINGS_PID=$TIDINGS_COPROC_PID
  exec {_tidings_out}<&"${TIDINGS_COPROC[0]}" {_tidings_in}>&"${TIDINGS_COPROC[1]}"
  eval "exec ${TIDINGS_COPROC[0]}<&- ${TIDINGS_COPROC[1]}>&-"
  echo 1>&"$_tidings_in"
  tidings_call ping >/dev/null || status=$?
  if ((status != 0)); then
    if ((status == 75)); then kill -KILL -- "-$TIDINGS_PID" 2>/dev/null || :; fi
    tidings_close || ended=$?
    # Only those of sysexits tell something; any other program may end with others.
    ((status == 75 || ended < 64 || ended > 78)) || status=$ended
    return "$status"
  fi
}

# tidings_call METHOD [JSON | NAME=TEXT | NAME:=JSON]...
#
# Calls a method and prints its result as JSON on one line, as the program wrote it; on a terminal without raw control
# characters. The parameters are one JSON object, or pairs of a name and a text (team_id=crew) or a JSON value
# (pageSize:=5, nids:='["a"]'), which is sent as it is.
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
    exit 64
  fi
  if [[ ! $method =~ ^[a-z_.]+$ ]]; then
    printf 'tidings: no method has this name: %q\n' "$method" >&2
    exit 64
  fi
  if (($# == 1)) && [[ $1 =~ ^[[:space:]]*\{ ]]; then
    params=$1
  else
    # jq writes the texts, one a line, and sees that each value is one; the values themselves go past it, since it
    # would round large numbers.
    texts=() values=() checked=()
    for pair; do
      name=${pair%%=*}
      if [[ $name == "$pair" || $name == : || -z $name ]]; then
        printf 'tidings: neither NAME=TEXT nor NAME:=JSON: %q\n' "$pair" >&2
        exit 64
      fi
      texts+=("${name%:}")
      if [[ $name == *: ]]; then
        values+=("${pair#*=}")
        checked+=(--argjson "value${#values[@]}" "${pair#*=}")
        texts+=("")
      else
        values+=("")
        texts+=("${pair#*=}")
      fi
    done
    written=$(jq -cn ${checked[@]+"${checked[@]}"} '$ARGS.positional[]' --args -- "${texts[@]}") || exit 64
    params=
    index=0
    while ((index < ${#values[@]})) && IFS= read -r name && IFS= read -r text; do
      params+=",$name:${values[index]:-$text}"
      index=$((index + 1))
    done <<<"$written"
    params="{${params#,}}"
  fi
  LC_ALL=C # From here on text is bytes, which is faster.
  id=$BASHPID.$RANDOM
  # In JSON a line break can only be white space; the request has to stay on one line.
  printf '{"jsonrpc":"2.0","id":"%s","method":"%s","params":%s}\n' "$id" "$method" "${params//$'\n'/ }" \
    1>&"$_tidings_in" 2>/dev/null
  # An answer to a call that was interrupted may still be there: it is skipped, whatever it holds. An error without an
  # id says that the parameters were no JSON, and is the answer to this call.
  own="{\"jsonrpc\":\"2.0\",\"id\":\"$id\"," none='{"jsonrpc":"2.0","id":null,"error":'
  answered=
  status=0
  while [[ -z $answered ]]; do
    IFS= read -r ${_tidings_patience:+-t "$_tidings_patience"} -u "$_tidings_out" answer || {
      status=$?
      break
    }
    [[ ${answer:0:${#own}} == "$own" || ${answer:0:${#none}} == "$none" ]] && answered=yes
  done
  if ((status > 128)); then
    printf 'tidings: the program gave no answer within %s s of its start\n' "$_tidings_patience" >&2
    exit 75
  elif [[ -z $answered ]]; then
    printf 'tidings: the program is gone\n' >&2
    exit 69
  fi
  trap - PIPE
  # A result is printed as it came: jq would round large numbers, and reads nothing that is nested deeper than 256.
  head="$own\"result\":"
  if [[ ${answer:0:${#head}} == "$head" ]]; then
    result=${answer:${#head}:${#answer}-${#head}-1}
    if [[ -t 1 ]]; then result=$(_tidings_escape "$result"); fi
    printf '%s\n' "$result"
    exit
  fi
  # shellcheck disable=SC2016 # jq's variables
  { said=$(jq -c '
    def status: {
      invalid_params: 64, method_not_found: 64, invalid_request: 64, parse_error: 64, message_too_large: 64,
      conflict: 65, not_found: 66, store_unavailable: 69, forbidden: 77
    }[.kind] // (if .retryable then 75 else 70 end);
    def plain: tostring | explode | map(
      if . < 32 or (. >= 127 and . < 160) or . == 1564 or . == 8206 or . == 8207
        or (. >= 8232 and . <= 8238) or (. >= 8294 and . <= 8297) then 65533 else . end) | implode;
    def object: if type == "object" then . else {} end;
    def text(other): if type == "string" then . else other end;
    if has("error") then
      (.error | object) as $error | ($error.data | object) as $data |
      ($data.details | object | .pointer | if type == "string" then . + ": " else "" end) as $where |
      ($error.message | text("an error of no known form")) as $message | ($data.kind | text("internal")) as $kind |
      "tidings: \("\($where)\($message) (\($kind))" | plain)\n"
      | halt_error({$kind, retryable: ($data.retryable == true)} | status)
    else .result end' <<<"$answer" 2>&1 1>&3) || status=$?; } 3>&1
  if ((status > 0 && status < 64)); then
    # What jq says of it may be anybody's words.
    printf 'tidings: the answer is more than jq can read (unreadable_answer)\n' >&2
    exit 70
  elif ((status > 0)); then
    printf '%s\n' "$said" >&2
  fi
  exit "$status"
)

# Prints JSON with escapes for what a terminal would obey, and JSON lets stand in a string.
_tidings_escape() {
  local text=$1 code bytes escape
  for code in 127 {128..159} 1564 8206 8207 {8232..8238} {8294..8297}; do
    if ((code < 128)); then
      printf -v bytes '\\x%02x' "$code"
    elif ((code < 2048)); then
      printf -v bytes '\\x%02x\\x%02x' $((192 + code / 64)) $((128 + code % 64))
    else
      printf -v bytes '\\x%02x\\x%02x\\x%02x' $((224 + code / 4096)) $((128 + code / 64 % 64)) $((128 + code % 64))
    fi
    printf -v bytes '%b' "$bytes"
    printf -v escape '\\u%04x' "$code"
    text=${text//"$bytes"/"$escape"}
  done
  printf '%s\n' "$text"
}

# Reads away what the program still says, for so many seconds. Returns 1 if that was not its end.
_tidings_drain() {
  local until=$((SECONDS + $1 + 1)) status
  while ((SECONDS < until)); do
    status=0
    IFS= read -r -t 1 -u "$_tidings_out" || status=$?
    ((status == 1)) && return 0
  done
  return 1
}

# Ends the program, also while other processes of the script hold its input open; after TIDINGS_CLOSE_TIMEOUT seconds
# (10) by force, with all that it started. Returns its exit status.
tidings_close() {
  [[ -n ${TIDINGS_PID-} ]] || return 0
  local pid=$TIDINGS_PID seconds=${TIDINGS_CLOSE_TIMEOUT:-10} until
  (
    trap '' PIPE
    printf '%s\n' '{"jsonrpc":"2.0","id":"close","method":"shutdown"}' '{"jsonrpc":"2.0","method":"exit"}' \
      1>&"$_tidings_in" 2>/dev/null
  )
  exec {_tidings_in}>&-
  if _tidings_drain "$seconds"; then
    until=$((SECONDS + 3)) # What said all it had to say ends soon.
    while kill -0 "$pid" 2>/dev/null && ((SECONDS < until)); do sleep 0.02; done
    if kill -0 "$pid" 2>/dev/null; then kill -KILL -- "-$pid" 2>/dev/null || :; fi
  else
    kill -KILL -- "-$pid" 2>/dev/null || :
    _tidings_drain 1 || :
  fi
  exec {_tidings_out}<&-
  unset TIDINGS_PID _tidings_in _tidings_out
  wait "$pid" 2>/dev/null # What bash has to say of its end, the status says too.
}
