data "sshkeepalive_coolify" "checked" {
  host = "coolify.example.org"
}

# Null is not false, and not 0: what could not be looked at fails none of these.
check "coolify" {
  assert {
    condition     = data.sshkeepalive_coolify.checked.pending_restart != true
    error_message = "Coolify runs with settings that are older than its file."
  }
  assert {
    condition     = coalesce(data.sshkeepalive_coolify.checked.counts.orphans, 0) == 0
    error_message = jsonencode(data.sshkeepalive_coolify.checked.orphans)
  }
  assert {
    condition     = alltrue([for name, report in data.sshkeepalive_coolify.checked.reports : report.applies == "no"])
    error_message = join("; ", data.sshkeepalive_coolify.checked.advice)
  }
}
