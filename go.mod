module github.com/sshkeepalive/terraform-provider-sshkeepalive

go 1.26.0
