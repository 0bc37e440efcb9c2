terraform {
  required_providers {
    sshkeepalive = {
      source = "sshkeepalive/sshkeepalive"
    }
  }
}

provider "sshkeepalive" {
  # How hosts are reached, unless a resource or an entry of hosts says otherwise.
  connection {
    user             = "admin"
    sudo             = true # admin may run sudo without a password
    private_key_path = "~/.ssh/id_ed25519"
  }

  # Names for hosts that need more than an address. Nothing of this is in state.
  hosts = {
    web1 = {
      host      = "web1.example.com"
      host_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIkFbXkWQ3Y0mPJjgDkzdGMF9EUKjH0y6lGhhM5t0q7B root@web1"]
    }
    db1 = {
      host      = "db1.example.com"
      port      = 2222
      host_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBvD3mYBmCp4XrXSEnNs7mDLv8xvMg1f1D4XJsvoHIuy root@db1"]
      jump = [{
        host      = "bastion.example.com"
        user      = "jump"
        host_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl root@bastion"]
      }]
    }
    here = { transport = "local" } # the machine that runs Terraform
  }
}

resource "sshkeepalive_server" "all" {
  for_each = toset(["web1", "db1"])
  host     = each.key

  client_alive_interval  = "2m"
  client_alive_count_max = 3
}
