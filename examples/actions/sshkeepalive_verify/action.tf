resource "sshkeepalive_server" "web1" {
  host = "web1.example.com"

  client_alive_interval  = "2m"
  client_alive_count_max = 3

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.sshkeepalive_verify.deploy]
    }
  }
}

# What the deploy user gets, whatever other files and Match blocks say.
action "sshkeepalive_verify" "deploy" {
  config {
    host = "web1.example.com"

    client_alive_interval = "2m"
    contexts              = [{ user = "deploy" }]
  }
}
