# Warns, after every plan and apply, when web1 does not let us in.
check "web1" {
  data "sshkeepalive_connection" "web1" {
    host = "admin@web1.example.com"

    timeouts = { read = "30s" }
  }

  assert {
    condition = data.sshkeepalive_connection.web1.reachable
    error_message = join(" ", [
      "web1: ${coalesce(data.sshkeepalive_connection.web1.failure, "-")}",
      "(${coalesce(data.sshkeepalive_connection.web1.phase, "-")}).",
      coalesce(data.sshkeepalive_connection.web1.next_step, "-"),
    ])
  }

  assert {
    condition     = !contains(coalesce(data.sshkeepalive_connection.web1.auth_methods, []), "password")
    error_message = "web1 still takes passwords."
  }
}
