#!/usr/bin/env bash
# What action.yml and residency-gate.yml run: one gate (or audit), its report in every format, its exit code.
#
# All settings are environment variables, and lists hold one entry a line: nothing that somebody wrote into a workflow,
# a branch's name or a file's name is ever read as a command.
#
#   RESIDENCY_INPUTS     files and folders: routing configuration (gate), or captures and logs (audit)
#   RESIDENCY_COMMAND    gate (default) or audit
#   RESIDENCY_RULES      packs, or paths of rules; RESIDENCY_INVENTORY, RESIDENCY_WAIVERS, RESIDENCY_BASELINE: files
#   RESIDENCY_AGAINST    gate: a git revision or folder to compare with
#   RESIDENCY_FAIL_ON    low (default), medium, high or critical
#   RESIDENCY_ALLOW_OPEN true: what is open does not fail
#   RESIDENCY_REPORTS    folder of the reports, default residency-report
#   RESIDENCY_ANNOTATE   true: mark findings at their lines, in GitHub Actions
set -euo pipefail

case "${RESIDENCY_COMMAND:-gate}" in
    gate | audit) command="${RESIDENCY_COMMAND:-gate}" ;;
    *)
        echo "RESIDENCY_COMMAND is neither gate nor audit" >&2
        exit 2
        ;;
esac

arguments=()

# Give an option each line of a list that is not blank.
each() {
    local line
    while IFS= read -r line || [ -n "$line" ]; do
        line="${line#"${line%%[![:space:]]*}"}"
        line="${line%"${line##*[![:space:]]}"}"
        if [ -n "$line" ]; then arguments+=("$@" "$line"); fi
    done
}

each --rules <<<"${RESIDENCY_RULES:-}"
each --waivers <<<"${RESIDENCY_WAIVERS:-}"
each --inventory <<<"${RESIDENCY_INVENTORY:-}"
each --baseline <<<"${RESIDENCY_BASELINE:-}"
each --against <<<"${RESIDENCY_AGAINST:-}"
each --fail-on <<<"${RESIDENCY_FAIL_ON:-}"
if [ "${RESIDENCY_ALLOW_OPEN:-}" = true ]; then arguments+=(--allow-open); fi

reports="${RESIDENCY_REPORTS:-residency-report}"
reports="${reports//[$'\r\n']/}"
mkdir -p -- "$reports"
for format in json:json sarif:sarif junit:xml gitlab:gitlab.json github:github.txt markdown:md html:html; do
    file="$reports/report.${format#*:}"
    rm -f -- "$file" # what an earlier run found is not what this one found
    arguments+=(--format "${format%%:*}" --output "$file")
done
arguments+=(--format text --)
each <<<"${RESIDENCY_INPUTS:-}"

status=0
if [ "${GITHUB_ACTIONS:-}" = true ]; then
    # The runner takes every line that begins with `::` for a command, and names of files and pools are not ours.
    token="$(od -An -N 16 -t x1 /dev/urandom | tr -d ' \n')"
    printf '::stop-commands::%s\n' "$token"
    auditor "$command" "${arguments[@]}" 2>&1 || status=$?
    printf '\n::%s::\n' "$token"
    if [ "${RESIDENCY_ANNOTATE:-}" = true ] && [ -f "$reports/report.github.txt" ]; then
        cat -- "$reports/report.github.txt"
    fi
else
    auditor "$command" "${arguments[@]}" || status=$?
fi

verdict=error # no report: nothing was decided
if [ -f "$reports/report.json" ]; then
    verdict="$(sed -n 's/^  "verdict": "\([a-z]*\)",$/\1/p' "$reports/report.json" | head -n 1)"
fi
if [ -n "${GITHUB_OUTPUT:-}" ]; then
    {
        printf 'verdict=%s\n' "$verdict"
        printf 'exit-code=%s\n' "$status"
        printf 'report-path=%s\n' "$reports/report.json"
        printf 'sarif-path=%s\n' "$reports/report.sarif"
    } >>"$GITHUB_OUTPUT"
fi
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -f "$reports/report.md" ]; then
    cat -- "$reports/report.md" >>"$GITHUB_STEP_SUMMARY"
fi
exit "$status"
