# Deploy tools open many sessions to the same hosts: they share one connection,
# which stays for ten minutes after the last of them.
resource "sshkeepalive_client" "deploy" {
  host     = "runner.example.org"
  user     = "deploy"
  patterns = ["web*", "db*"]

  server_alive_interval = "15s"
  control_master        = "auto"
  control_path          = "~/.ssh/cm/%C"
  control_persist       = "10m"

  probe_hosts = ["web1", "git@db1"]
}
