# How long web2 keeps a client that is gone, such as a laptop that was closed.
data "sshkeepalive_probe" "gone" {
  host          = "deploy@web2.example.com"
  until_dropped = true
  idle          = "10m" # and no longer
}

output "dead_clients_stay" {
  value = coalesce(
    data.sshkeepalive_probe.gone.error,
    try("${floor(data.sshkeepalive_probe.gone.dropped_after)} s", "longer than 10m"),
  )
}
