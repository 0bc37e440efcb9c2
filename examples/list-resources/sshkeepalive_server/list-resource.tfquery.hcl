list "sshkeepalive_server" "fleet" {
  provider         = sshkeepalive
  include_resource = true

  config {
    hosts = ["web1", "web2"]
  }
}
