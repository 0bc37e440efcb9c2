# Five minutes on an idle connection, measured: does web1 ask as its files say? It
# takes two requests to tell.
data "sshkeepalive_probe" "web1" {
  host = "deploy@web1.example.com"
  idle = "5m"
}

# What sshd makes of its files for the same user.
data "sshkeepalive_server_config" "web1" {
  host     = "web1.example.com"
  keywords = ["ClientAliveInterval", "ClientAliveCountMax"]
  contexts = [{ user = "deploy" }]
}

locals {
  web1 = data.sshkeepalive_server_config.web1.by_context[0].effective

  # Seconds between two requests: half of those until a client with a count of 1 is
  # dropped. OpenSSH 9.2 to 9.4 asks every second interval; null is never.
  spacing = try(provider::sshkeepalive::dead_peer_timeout(
    local.web1["ClientAliveInterval"], 1, data.sshkeepalive_server_config.web1.openssh_version
  ) / 2, null)
}

check "web1" {
  assert {
    condition     = data.sshkeepalive_probe.web1.reachable && data.sshkeepalive_probe.web1.ended == null
    error_message = "web1: ${coalesce(data.sshkeepalive_probe.web1.error, "-")}: ${coalesce(data.sshkeepalive_probe.web1.next_step, "-")}"
  }
  assert {
    condition     = try(abs(data.sshkeepalive_probe.web1.interval - local.spacing) <= 1 + local.spacing / 10, local.spacing == null)
    error_message = "web1 asks every ${coalesce(data.sshkeepalive_probe.web1.interval, "?")} s, not every ${coalesce(local.spacing, "?")} s."
  }
}
