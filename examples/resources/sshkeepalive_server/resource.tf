# sshd asks a silent client for a sign of life every two minutes, and drops it
# when three questions in a row stay unanswered.
resource "sshkeepalive_server" "web1" {
  host = "web1.example.com"

  client_alive_interval  = "2m"
  client_alive_count_max = 3
}

output "dead_after_seconds" {
  value = sshkeepalive_server.web1.dead_peer_timeout
}
