# Dead clients are found by sshd, or by the kernel where a session writes, and logind ends
# what such a session leaves: shells, jobs under nohup, children of children.
resource "sshkeepalive_server" "db1" {
  host = "db1.example.com"

  client_alive_interval  = "15s"
  client_alive_count_max = 3
}

resource "sshkeepalive_host" "db1" {
  host = "db1.example.com"

  tcp_retries2        = 5
  kill_user_processes = true
  kill_exclude_users  = ["root", "postgres"]
}
