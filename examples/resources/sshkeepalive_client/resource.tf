# The ssh of the user who runs Terraform keeps idle connections to these hosts open,
# and notices a dead one after two minutes.
provider "sshkeepalive" {
  hosts = {
    here = { transport = "local" }
  }
}

resource "sshkeepalive_client" "mine" {
  host     = "here"
  patterns = ["*.example.org", "!legacy.example.org"]

  server_alive_interval  = "30s"
  server_alive_count_max = 3
  connect_timeout        = "10s"
}
