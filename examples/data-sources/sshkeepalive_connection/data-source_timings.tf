variable "hosts" {
  type    = set(string)
  default = ["web1.example.com", "web2.example.com"]
}

data "sshkeepalive_connection" "all" {
  for_each = var.hosts
  host     = each.value
}

output "away" {
  value = { for name, c in data.sshkeepalive_connection.all : name => c.error if !c.reachable }
}

# Three seconds to log in and 30 ms for a keepalive: a slow sshd (UseDNS, PAM). An output
# of the milliseconds themselves would change with every plan.
output "slow" {
  value = [for name, c in data.sshkeepalive_connection.all : name if try(c.milliseconds.authentication > 3000, false)]
}
