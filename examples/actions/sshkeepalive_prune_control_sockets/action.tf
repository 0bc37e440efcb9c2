action "sshkeepalive_prune_control_sockets" "deploy" {
  config {
    host = "web1.example.com"
    path = "~/.ssh/cm-*"
    user = "deploy"
  }
}
