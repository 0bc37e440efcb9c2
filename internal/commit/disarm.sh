# The commit.

disarm() {
	mv "$S/armed" "$S/done" 2>/dev/null || [ -e "$S/done" ] || return
	durable "$S"
	clean "$S"
}

kept() { answer applied; }

# undisarmed: too late, or a second time. A rollback under way is waited for.
undisarmed() {
	until=$(($(now) + 30))
	while [ -e "$S/rolling" ] && [ "$(now)" -lt "$until" ]; do nap; done
	if [ -e "$S/rolling" ]; then
		answer stuck
	else
		settled
	fi
}
