package stories

import (
	"fmt"
	"os"
	"regexp"
	"testing"
)

// silent is for how many seconds the deploys of the stories leave a connection alone.
const silent = 2*forgets - 2

// cures are the stories by what cures them.
func cures(release string) []cure {
	idle := story{
		name:   "ssh: a command that prints nothing for long",
		before: fmt.Sprintf("ssh web1 'sleep %d; echo %s'", silent, released),
		fails:  "hangs",
	}
	return []cure{
		{"sshkeepalive_server", fmt.Sprintf(serverCure, forgets, silent, openSSH[release]), []story{idle, capistrano, netSSH}},
		{"sshkeepalive_client", clientCure, []story{idle, sharedIdle}},
		{"sshkeepalive_coolify", coolifyCure, []story{coolify}},
		{"steady-ssh", "", []story{stopped, pathGone, lostOnce}},
		{"tmux", "", []story{hangsUp}},
	}
}

// openSSH is the release of OpenSSH that a release of Debian has.
var openSSH = map[string]string{"bullseye": "8.4", "bookworm": "9.2", "trixie": "10.0"}

const (
	serverCure = `
locals {
  deploys = provider::sshkeepalive::keepalive_for("%[1]ds", "%[2]ds", "%[3]s")
}

resource "sshkeepalive_server" "web1" {
  host                   = "web1"
  client_alive_interval  = local.deploys.client_alive_interval
  client_alive_count_max = local.deploys.client_alive_count_max
  idle_limit             = "%[1]ds"
  longest_task           = "%[2]ds"
}
`
	clientCure = `
resource "sshkeepalive_client" "here" {
  host                   = "here"
  patterns               = ["*"]
  server_alive_interval  = "2s"
  server_alive_count_max = 3
}
`
	coolifyCure = `
resource "sshkeepalive_coolify" "here" {
  host        = "here"
  mux_enabled = false
  release     = "4.3.8"
}
`
)

// capistrano releases on one host after another one has compiled assets.
var capistrano = story{
	name: "Capistrano: a server waits while another compiles",
	before: fmt.Sprintf(`mkdir -p config/deploy
cat >Capfile <<'RUBY'
require "capistrano/setup"
require "capistrano/deploy"
require "capistrano/scm/git"
install_plugin Capistrano::SCM::Git
RUBY
cat >config/deploy.rb <<'RUBY'
lock false
set :application, "shop"
task :release do
  on(roles(:web)) { execute :true }
  on(roles(:assets)) { execute "for i in $(seq %d); do echo compiling; sleep 1; done" }
  on(roles(:web)) { execute :true }
  puts "%s"
end
RUBY
cat >config/deploy/production.rb <<'RUBY'
server "web1", user: "root", roles: %%w{web}
server "assets", user: "root", roles: %%w{assets}
RUBY
cap production release`, silent, released),
	fails: "hangs",
}

// netSSH compiles on its own machine while its connection is idle.
var netSSH = story{
	name: "Net::SSH: the script works elsewhere for long",
	before: fmt.Sprintf(`cat >deploy.rb <<'RUBY'
require "net/ssh"
Net::SSH.start("web1", "root") do |ssh|
  ssh.exec!("true")
  sleep %d
  print ssh.exec!("echo %s")
end
RUBY
ruby deploy.rb`, silent, released),
	fails: "hangs",
}

// master is a script's start: a shared connection.
const master = "S=$PWD/mux; M=\"-S $S -o ControlMaster=no\"\nssh -S $S -o ControlMaster=yes -o ControlPersist=60 -fN web1 >/dev/null 2>&1\n"

// sharedIdle finds the socket of a connection that the path forgot.
var sharedIdle = story{
	name:   "ControlMaster: stale after a pause",
	before: master + fmt.Sprintf("sleep %d; timeout %d ssh $M web1 echo %s; s=$?; ssh $M -O exit web1 2>/dev/null; exit $s", silent, longest/2, released),
	fails:  "hangs",
}

// coolify is what Coolify up to 4.3.8 does, with its own keys: a health check ends the
// shared connection that has reached its age, and a deployment runs over it.
var coolify = story{
	name: "Coolify: the health check ends a deployment",
	before: master0 + `
grep -Eq '^(SSH_)?MUX_ENABLED="?false' /data/coolify/source/.env && M=
ssh $M web1 'for i in 1 2 3 4 5 6; do sleep 1; echo building; done; echo ` + released + `' &
deployment=$!
for i in $(seq 20); do ssh -S $PWD/mux -O check web1 2>/dev/null && break; sleep 0.5; done
sleep 2
ssh -S $PWD/mux -O exit web1 2>/dev/null
wait $deployment`,
	fails: "exit code 255",
}

const master0 = `M="-o ControlMaster=auto -o ControlPath=$PWD/mux -o ControlPersist=3600"`

// stopped is a master that was stopped, so that it holds its socket and does not answer.
var stopped = story{
	name:   "ControlMaster: the master is stopped",
	before: master + fmt.Sprintf("pkill -STOP -f \"^ssh -S $S -o ControlMaster=yes \"; timeout %d ssh $M web1 echo %s; s=$?; pkill -KILL -f \"^ssh -S $S -o ControlMaster=yes \"; exit $s", longest/2, released),
	after:  "steady-ssh web1 true && pkill -STOP -f \"^ssh -S $PWD/[^ ]* -o ControlMaster=yes \" && steady-ssh web1 echo " + released,
	fails:  "hangs",
}

// pathGone drops every packet of a master's connection.
var pathGone = story{
	name:   "ControlMaster: its path is gone",
	before: master + fmt.Sprintf("cut-path; timeout %d ssh $M web1 echo %s; s=$?; pkill -KILL -f \"^ssh -S $S -o ControlMaster=yes \"; exit $s", longest/2, released),
	after:  "steady-ssh web1 true && cut-path && steady-ssh web1 echo " + released,
	fails:  "hangs",
}

// cut is a program that drops all packets of the masters whose sockets are here.
const cut = `#!/bin/sh
for pid in $(pgrep -f "^ssh -S $PWD/[^ ]* -o ControlMaster=yes "); do
	port=$(ss -Htnp state established | sed -n "s/.*:\([0-9]*\) [^ ]*:22 .*pid=$pid,.*/\1/p")
	nft "add table ip cut; add chain ip cut out { type filter hook output priority 0; }; add rule ip cut out tcp sport $port drop"
done
`

// lostOnce is a command whose connection is lost when it runs for the first time.
var lostOnce = story{
	name:   "any: lost while a repeatable command runs",
	before: fmt.Sprintf(loseOnce, "ssh", released),
	after:  fmt.Sprintf(loseOnce, "steady-ssh -r", released),
	fails:  "exit code 255",
}

const loseOnce = `f=$(mktemp -u /tmp/lost-XXXXXX); %s web1 "if [ -e $f ]; then echo %s; else touch $f; kill -KILL \$PPID; sleep 9; fi"`

// hangsUp is a program in a terminal whose connection is lost.
var hangsUp = story{
	name:   "a shell: its program ends with the connection",
	before: fmt.Sprintf(inTerminal, "sh -c", released),
	after:  fmt.Sprintf(inTerminal, "tmux new-session -A -s $$", released),
	fails:  "exit code 1",
}

const inTerminal = `f=$(mktemp -u /tmp/shell-XXXXXX); export TERM=screen
sleep 30 | ssh -tt web1 "%s 'sleep 6; touch $f'" & sleep 3; kill -KILL $!
sleep 7; ssh web1 "test -e $f && echo %s"`

// steady is the script of the guide.
func steady(t *testing.T) string {
	t.Helper()
	guide, err := os.ReadFile("../../templates/guides/deploys-that-survive.md")
	if err != nil {
		t.Fatal(err)
	}
	script := regexp.MustCompile("(?s)```sh\n(#!/bin/sh\n# usage: steady-ssh.*?)```").FindSubmatch(guide)
	if script == nil {
		t.Fatal("the guide has no script")
	}
	return string(script[1])
}
