variable "hosts" {
  type = set(string)
}

data "sshkeepalive_connection" "all" {
  for_each = var.hosts
  host     = each.value
}

output "away" {
  value = { for name, c in data.sshkeepalive_connection.all : name => c.error if !c.reachable }
}

# Half a second to log in and 30 ms for a keepalive: a slow sshd (UseDNS, PAM).
output "milliseconds" {
  value = { for name, c in data.sshkeepalive_connection.all : name => c.milliseconds }
}
