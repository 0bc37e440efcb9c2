# The same for a fleet, with some hardening. One connection is made to each host,
# and reading a host costs one command.
variable "hosts" {
  type    = set(string)
  default = ["web1.example.com", "web2.example.com"]
}

resource "sshkeepalive_server" "fleet" {
  for_each = var.hosts
  host     = each.value

  client_alive_interval  = "1m"
  client_alive_count_max = 6
  login_grace_time       = "30s"
  max_startups           = "10:30:60"

  # Any other keyword of sshd_config(5).
  settings = {
    PermitRootLogin        = "prohibit-password"
    PasswordAuthentication = "no"
    # A keyword that may be repeated takes one value per line.
    AcceptEnv = <<-EOT
      LANG
      LC_*
    EOT
  }

  # A deploy may keep a connection silent for five minutes, and the NAT gateway in
  # front of the hosts forgets a connection after 350 seconds of silence. The plan
  # warns if these settings would lose it.
  longest_task = "5m"
  idle_limit   = "350s"
}
