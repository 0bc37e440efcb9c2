import {
  to = sshkeepalive_client.git
  id = "bob@laptop.example.org/~/.ssh/config#Match host *.example.org user git"
}

resource "sshkeepalive_client" "git" {
  host                  = "bob@laptop.example.org"
  match                 = "host *.example.org user git"
  probe_hosts           = ["git@code.example.org"]
  server_alive_interval = "45s"
}
