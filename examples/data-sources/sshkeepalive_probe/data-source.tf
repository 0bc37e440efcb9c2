# Five minutes on an idle connection, measured: does web2 ask as its files say? It
# takes two requests to tell.
data "sshkeepalive_probe" "web2" {
  host = "deploy@web2.example.com"
  idle = "5m"
}

# What sshd makes of its files for the same user.
data "sshkeepalive_server_config" "web2" {
  host     = "web2.example.com"
  keywords = ["ClientAliveInterval", "ClientAliveCountMax"]
  contexts = [{ user = "deploy" }]
}

locals {
  web2 = data.sshkeepalive_server_config.web2.by_context[0].effective

  # Seconds between two requests: half of those until a client with a count of 1 is
  # dropped. OpenSSH 9.2 to 9.4 asks every second interval; null is never.
  spacing = try(provider::sshkeepalive::dead_peer_timeout(
    local.web2["ClientAliveInterval"], 1, data.sshkeepalive_server_config.web2.openssh_version
  ) / 2, null)
}

check "web2" {
  assert {
    condition     = data.sshkeepalive_probe.web2.reachable && data.sshkeepalive_probe.web2.ended == null
    error_message = "web2: ${coalesce(data.sshkeepalive_probe.web2.error, "-")}: ${coalesce(data.sshkeepalive_probe.web2.next_step, "-")}"
  }
  assert {
    condition     = try(abs(data.sshkeepalive_probe.web2.interval - local.spacing) <= 1 + local.spacing / 10, local.spacing == null)
    error_message = "web2 asks every ${coalesce(data.sshkeepalive_probe.web2.interval, "?")} s, not every ${coalesce(local.spacing, "?")} s."
  }
}
