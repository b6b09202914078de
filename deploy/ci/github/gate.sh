#!/usr/bin/env bash
# Lets an audit decide a pipeline: `plumbline gate` (by a server) or `plumbline audit` (offline), asked by variables.
# Every value reaches the command as one argument; nothing of it is read by the shell.
set -euo pipefail

command="${PLUMBLINE_COMMAND:-gate}"
case "$command" in
  gate | audit) arguments=("$command") ;;
  *) echo "PLUMBLINE_COMMAND is gate or audit, not $command" >&2; exit 2 ;;
esac

option() { # NAME VALUE: nothing for an empty value
  if [ -n "$2" ]; then arguments+=("$1=$2"); fi
}
lines() { # NAME VALUES: one for each line that is not empty
  while IFS= read -r line || [ -n "$line" ]; do option "$1" "$line"; done <<<"$2"
}
flag() { # NAME true|false
  if [ "$2" = true ]; then arguments+=("$1"); fi
}

for name in config policy model label prediction score positive favourable baseline waivers regressions junit sarif; do
  variable="PLUMBLINE_${name^^}"
  option "--$name" "${!variable:-}"
done
option --json "${PLUMBLINE_JSON:-}"
lines --sensitive "${PLUMBLINE_SENSITIVE:-}"
flag --allow-inconclusive "${PLUMBLINE_ALLOW_INCONCLUSIVE:-}"
if [ "$command" = gate ]; then
  option --audit "${PLUMBLINE_AUDIT:-}"
  option --name "${PLUMBLINE_NAME:-}"
else
  option --pdf "${PLUMBLINE_PDF:-}"
fi
if [ -n "${PLUMBLINE_DATA:-}" ]; then arguments+=(-- "$PLUMBLINE_DATA"); fi

code=0
plumbline "${arguments[@]}" || code=$?
if [ -n "${GITHUB_OUTPUT:-}" ]; then echo "exit-code=$code" >>"$GITHUB_OUTPUT"; fi
exit "$code"
