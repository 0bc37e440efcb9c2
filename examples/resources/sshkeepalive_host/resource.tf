# A session that writes to a client that is gone ends after 13 to 27 seconds.
resource "sshkeepalive_host" "web1" {
  host         = "web1.example.com"
  tcp_retries2 = 5
}

output "seconds" {
  value = sshkeepalive_host.web1.unacknowledged_timeout
}
