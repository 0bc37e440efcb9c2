# Warns after every plan and apply while web1 does not let us in. The data source
# stands outside the check block: Terraform reads one inside it again in the apply, so
# that no plan is ever empty (exit code 2 of plan -detailed-exitcode).
data "sshkeepalive_connection" "web1" {
  host = "web1.example.com"

  timeouts = { read = "30s" }
}

check "web1" {
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
