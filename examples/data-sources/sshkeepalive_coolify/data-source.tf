data "sshkeepalive_coolify" "this" {
  host = "coolify.example.org"
}

# What is known to break deployments of this Coolify, and what to do about it.
output "reports" {
  value = { for name, report in data.sshkeepalive_coolify.this.reports : name => report.why if report.applies != "no" }
}

output "advice" {
  value = data.sshkeepalive_coolify.this.advice
}

# What is null was not seen, and this says why.
output "not_seen" {
  value = data.sshkeepalive_coolify.this.not_seen
}

# The settings of the file, as the release reads them.
output "ssh" {
  value = { for key, setting in data.sshkeepalive_coolify.this.settings : key => setting.value if setting.value != null }
}
