output "seconds" {
  value = provider::sshkeepalive::parse_time("1h30m") # 5400
}
