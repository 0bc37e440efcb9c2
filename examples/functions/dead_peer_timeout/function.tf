locals {
  # OpenSSH 9.2, of Debian 12, probes every second interval only.
  debian_12 = provider::sshkeepalive::dead_peer_timeout("60", 3, "9.2")  # 480
  debian_13 = provider::sshkeepalive::dead_peer_timeout("60", 3, "10.0") # 240
  never     = provider::sshkeepalive::dead_peer_timeout("60", 0, "10.0") # null
}

output "dead_peer_timeout" {
  value = [local.debian_12, local.debian_13, local.never]
}
