locals {
  files = {
    "/etc/ssh/sshd_config"                      = "Include /etc/ssh/sshd_config.d/*.conf\nClientAliveInterval 300\n"
    "/etc/ssh/sshd_config.d/50-cloud-init.conf" = "ClientAliveInterval 2m\nPasswordAuthentication no\n"
  }
  effective = provider::sshkeepalive::effective_sshd_config(local.files, { user = "deploy", address = "192.0.2.7" })
}

output "interval" {
  value = local.effective["ClientAliveInterval"].value # 120
}

output "because" {
  value = "${local.effective["ClientAliveInterval"].file}:${local.effective["ClientAliveInterval"].line}"
}
