# The commit: removing the mark "armed".

disarm() {
	mv "$S/armed" "$S/done" 2>/dev/null || [ -e "$S/done" ] || return
	durable "$S"
	clean "$S"
}

confirmed() { answer applied; }

# not_disarmed: disarm came too late, or ran a second time. It waits for a rollback
# that has begun.
not_disarmed() {
	until=$(($(now) + 30))
	while [ -e "$S/rolling" ] && [ "$(now)" -lt "$until" ]; do nap; done
	if [ -e "$S/rolling" ]; then
		answer stuck
	else
		report_ended
	fi
}
