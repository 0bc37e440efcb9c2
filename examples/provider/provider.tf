terraform {
  required_providers {
    sshkeepalive = {
      source = "sshkeepalive/sshkeepalive"
    }
  }
}

variable "deploy_key" {
  description = "Private key of the user admin, its contents."
  type        = string
  sensitive   = true
}

provider "sshkeepalive" {
  # How hosts are reached, unless a resource or an entry of hosts says otherwise.
  connection {
    user        = "admin"
    sudo        = true
    private_key = var.deploy_key
    host_keys   = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIkFbXkWQ3Y0mPJjgDkzdGMF9EUKjH0y6lGhhM5t0q7B"]
  }

  # Names for hosts that need more than an address. Nothing of this is in state.
  hosts = {
    web1 = { host = "10.0.0.5" }
    db1 = {
      host      = "10.0.1.5"
      port      = 2222
      jump      = [{ host = "bastion.example.com", user = "jump", host_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"] }]
      host_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBvD3mYBmCp4XrXSEnNs7mDLv8xvMg1f1D4XJsvoHIuy"]
    }
    here = { transport = "local" } # the machine that runs Terraform
  }
}
