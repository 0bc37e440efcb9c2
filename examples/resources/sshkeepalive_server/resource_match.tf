# Other values for some users, and proof that the host's own Match blocks do not
# override ours for the user deploy.
resource "sshkeepalive_server" "gateway" {
  host = "gateway.example.com"

  client_alive_interval = "2m"

  match = [
    {
      criteria               = "User backup"
      client_alive_interval  = "1m"
      client_alive_count_max = 30
      settings               = { X11Forwarding = "no" }
    },
  ]

  contexts = [
    { user = "deploy", host = "ci.example.com", address = "10.0.0.9" },
  ]
}
