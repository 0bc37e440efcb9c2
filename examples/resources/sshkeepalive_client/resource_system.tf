# For every user of a host, unless the user's own file says otherwise.
resource "sshkeepalive_client" "everybody" {
  host        = "runner.example.org"
  config_file = "/etc/ssh/ssh_config.d/10-keepalive.conf"
  patterns    = ["*"]

  server_alive_interval = "1m"
  settings = {
    HashKnownHosts = "yes"
  }
}
