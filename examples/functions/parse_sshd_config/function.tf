locals {
  lines = provider::sshkeepalive::parse_sshd_config(<<-EOT
    PermitRootLogin no
    Match User git
      X11Forwarding no
  EOT
  )
}

output "outside_match" {
  value = { for l in local.lines : l.keyword => l.value if l.match == null }
}
