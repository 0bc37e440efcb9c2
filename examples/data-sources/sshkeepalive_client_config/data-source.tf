provider "sshkeepalive" {
  hosts = { here = { transport = "local" } } # the machine that runs Terraform
}

data "sshkeepalive_client_config" "here" {
  host        = "here"
  probe_hosts = ["web1.example.com", "git@git.example.com"]
  keywords    = ["ServerAliveInterval", "ControlMaster", "ControlPath"]
}

output "intervals" {
  value = { for name, values in data.sshkeepalive_client_config.here.effective : name => values["ServerAliveInterval"] }
}

check "web1" {
  assert {
    condition     = data.sshkeepalive_client_config.here.effective["web1.example.com"]["ServerAliveInterval"] != "0"
    error_message = "This machine's ssh never notices when web1 is gone."
  }
}
