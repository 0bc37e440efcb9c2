locals {
  cloud_config = {
    write_files = [{
      path        = "/etc/ssh/sshd_config.d/00-sshkeepalive.conf"
      permissions = "0600"
      content = provider::sshkeepalive::render_sshd_config(
        {
          ClientAliveInterval = 120
          ClientAliveCountMax = 3
          PermitRootLogin     = "no"
          AcceptEnv           = "LANG\nLC_*"
        },
        [{ criteria = "User git", client_alive_interval = "10m", settings = { X11Forwarding = "no" } }]
      )
    }]
  }
}

output "user_data" {
  value = "#cloud-config\n${yamlencode(local.cloud_config)}"
}
