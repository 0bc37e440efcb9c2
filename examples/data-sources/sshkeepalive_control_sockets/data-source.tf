provider "sshkeepalive" {
  hosts = { here = { transport = "local" } } # the machine that runs Terraform
}

data "sshkeepalive_control_sockets" "here" {
  host = "here"
  path = "~/.ssh/cm-*" # of ControlPath ~/.ssh/cm-%C
}

# Masters that have been there for more than a day: ControlPersist without an end.
output "old" {
  value = [
    for s in data.sshkeepalive_control_sockets.here.sockets : "${s.path} (pid ${s.pid})"
    if s.state == "live" && s.age_seconds > 86400
  ]
}

check "sockets" {
  assert {
    condition     = data.sshkeepalive_control_sockets.here.counts.unknown == 0
    error_message = jsonencode([
      for s in data.sshkeepalive_control_sockets.here.sockets :
      { socket = s.path, why = s.why, pid = try(s.listener.pid, null), for = s.targets[*].name } if s.state == "unknown"
    ])
  }
}
