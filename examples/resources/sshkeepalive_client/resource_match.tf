# A Match block, proven for a name and a user that it applies to. bob logs in, and needs
# no sudo for a file of his own.
resource "sshkeepalive_client" "git" {
  host        = "bob@laptop.example.org"
  match       = "host *.example.org user git"
  probe_hosts = ["git@code.example.org"]

  server_alive_interval = "45s"
  tcp_keep_alive        = true
  connection_attempts   = 3
}
