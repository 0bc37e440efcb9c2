# The effective configuration of sshd, from all of its files.
data "sshkeepalive_server_config" "web1" {
  host     = "web1.example.com"
  keywords = ["ClientAliveInterval", "ClientAliveCountMax", "PermitRootLogin"]

  # Also for the user of the deployments, whom a Match block may single out.
  contexts = [{ user = "deploy" }]
}

output "interval" {
  value = data.sshkeepalive_server_config.web1.effective["ClientAliveInterval"]
}

# Such as /etc/ssh/sshd_config.d/50-cloud-init.conf:2.
output "interval_comes_from" {
  value = [
    for o in data.sshkeepalive_server_config.web1.provenance["ClientAliveInterval"] :
    o.source == "file" ? "${o.file}:${o.line}" : o.source
  ]
}

check "web1" {
  assert {
    condition     = data.sshkeepalive_server_config.web1.loaded != false
    error_message = "The sshd of web1 has not loaded the files that are on disk."
  }
  assert {
    condition     = length(data.sshkeepalive_server_config.web1.overrides) == 0
    error_message = "A Match block makes an exception: ${jsonencode(data.sshkeepalive_server_config.web1.overrides)}"
  }
}
