# On the machine that runs Terraform, while an image is built from it: the files
# are written and judged by sshd, and no daemon is reloaded.
provider "sshkeepalive" {
  hosts = {
    here = { transport = "local" }
  }
}

resource "sshkeepalive_server" "image" {
  host   = "here"
  reload = "never"

  client_alive_interval  = "2m"
  client_alive_count_max = 3
}
