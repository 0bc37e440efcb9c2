data "sshkeepalive_audit" "web1" {
  host     = "web1.example.com"
  profiles = ["cis", "stig"]

  # Also for the user of the deployments, whom a Match block may single out.
  contexts = [{ user = "deploy" }]
}

# Such as "PermitRootLogin is yes, not no: /etc/ssh/sshd_config:33 (CIS …, 5.1.20)".
output "failed" {
  value = [
    for f in data.sshkeepalive_audit.web1.findings : join("", [
      "${f.keyword} is ${f.effective}, not ${f.wanted}: ",
      f.source == "file" ? "${f.file}:${f.line}" : f.source,
      f.context == null ? "" : " for ${f.context}", " (${f.rule})",
    ]) if f.status == "fail"
  ]
}

check "web1" {
  assert {
    condition     = data.sshkeepalive_audit.web1.compliant["cis"] == true
    error_message = "web1 does not comply: ${jsonencode(data.sshkeepalive_audit.web1.counts["cis"])}"
  }
  assert {
    condition     = length(data.sshkeepalive_audit.web1.warnings) == 0
    error_message = join("; ", data.sshkeepalive_audit.web1.warnings[*].text)
  }
}
