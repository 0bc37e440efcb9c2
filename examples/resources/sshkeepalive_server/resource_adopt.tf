# Another Terraform state put other values there. This one replaces them, and the
# plan lists the lines that disappear.
resource "sshkeepalive_server" "web1" {
  host  = "admin@web1.example.com"
  adopt = true

  client_alive_interval  = "2m"
  client_alive_count_max = 3
}
