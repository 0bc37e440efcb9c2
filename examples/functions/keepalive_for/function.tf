locals {
  # Through an AWS NAT gateway, for a deploy tool that is silent for half an hour
  # while another host builds.
  keepalive = provider::sshkeepalive::keepalive_for("350s", "30m", "9.2")
}

output "keepalive" {
  value = local.keepalive # client_alive_interval 87, client_alive_count_max 12, dead_peer_timeout 2262
}
