data "sshkeepalive_sessions" "web1" {
  host = "web1.example.com"
}

# Counts are null where the host could not be looked at, and null is not 0.
check "sessions" {
  assert {
    condition     = data.sshkeepalive_sessions.web1.counts.dead == 0
    error_message = jsonencode(try([for s in data.sshkeepalive_sessions.web1.sessions : "${s.pid}: ${s.why}" if s.state == "dead"], data.sshkeepalive_sessions.web1.not_seen))
  }
  assert {
    condition     = data.sshkeepalive_sessions.web1.counts.orphaned == 0
    error_message = jsonencode(try([for p in data.sshkeepalive_sessions.web1.orphans : "${p.program} (pid ${p.pid}) of ${p.user}"], data.sshkeepalive_sessions.web1.not_seen))
  }
}

# Sessions that sshd never asks whether their client is still there.
output "unprobed" {
  value = try([
    for s in data.sshkeepalive_sessions.web1.sessions : "${s.user} from ${s.peer_address}: ${s.probing}"
    if s.logged_in && contains(["never", "not now"], coalesce(s.probing, "unknown"))
  ], null)
}
