#!/bin/sh
# Runs acceptance tests under several engines, which engine.sh builds, and prints a table
# of what became of them. ENGINES names the engines, as NAME@VERSION, with +experiments
# for a build of that kind, which runs the tests of terraform query alone. ENGINES_RUN is
# the pattern of the tests; "." is all of them.
set -eu
cd "$(dirname "$0")/.."
engines=${ENGINES:-terraform@1.8 terraform@1.11 terraform@1.13 terraform@newest terraform@newest+experiments opentofu@1.10 opentofu@newest}
# What engines do differently: plans and exit codes, unknown values, saved plans, imports,
# identities, moves, interrupts, functions, and schemas that are newer than the engine.
tests=${ENGINES_RUN:-'^(TestLife|TestExitCodesAndWords|TestFleet|TestOneHostIsAway|TestSavedPlanMeetsAnotherEdit|TestHostFallsSilent.*|TestHostBootsWhileItIsAwaited|TestHostKnownAfterApply|TestImport|TestImportBlockByIdentity|TestRemovedFromTheConfiguration|TestCreateBeforeDestroyOfTheSameLines|TestInterrupt|TestModuleThatPassesOnNothing|TestAccRefreshOnlyOfUnchangedHostsFindsNothing|TestSecretsStayWhereTheyAre|TestRenderedTextIsTakenOver|TestClientImport|TestCoolifyOnAHost|TestControlSocketsOfThisMachine|TestQuery.*|TestOlderEnginesSeeNoActions)$'}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
done=
for engine in $engines; do
	name=${engine%%@*} version=${engine#*@} pattern=$tests kind=
	case $version in *+experiments) version=${version%+*} pattern='^TestQuery' kind=experiments ;; esac
	program=$(sh tools/engine.sh "$name" "$version" $kind)
	case " $done " in *" $program "*) continue ;; esac
	done="$done $program"
	title="$("$program" version | sed -n '1s/ v/ /p')${kind:+ with experiments}"
	printf '== %s\n' "$title" >&2
	TF_ACC_TERRAFORM_PATH=$program ${GOTEST:-go test} -count 1 -v -timeout 90m -run "$pattern" ./internal/provider/... >"$work/log" 2>&1 || status=1
	grep -E '^(--- FAIL|FAIL|panic)' "$work/log" >&2 || true
	awk -v title="$title" '
		/^--- PASS: / { passed++ }
		/^--- FAIL: / { failed++ }
		/^--- SKIP: / { skipped++; if (!seen[last]++) why = why (why ? "; " : "") last }
		sub(/^ +[a-z_]+\.go:[0-9]+: /, "") { last = $0 }
		END { printf "| %s | %d | %d | %d | %s |\n", title, passed, failed, skipped, why }
	' "$work/log" >>"$work/table"
done
printf '\n| engine | passed | failed | skipped | because |\n|---|---|---|---|---|\n'
cat "$work/table"
exit "$status"
