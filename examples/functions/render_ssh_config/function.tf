output "ssh_config" {
  value = provider::sshkeepalive::render_ssh_config([
    {
      patterns = ["web*", "!web9"]
      settings = { ControlMaster = "auto", ControlPath = "~/.ssh/mux/%C", ControlPersist = "10m" }
    },
    {
      patterns = ["*"]
      settings = { ServerAliveInterval = 15, ServerAliveCountMax = 3 }
    },
  ])
}
