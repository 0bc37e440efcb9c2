package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
)

// shown is what `terraform show -json` prints of a state or, as planned_values, of a plan.
// Format version 1 has been the same since Terraform 1.1; OpenTofu's is the same.
type shown struct {
	FormatVersion string  `json:"format_version"`
	Values        *values `json:"values"`
	PlannedValues *values `json:"planned_values"`
}

type values struct {
	RootModule module `json:"root_module"`
}

type module struct {
	Resources    []resource `json:"resources"`
	ChildModules []module   `json:"child_modules"`
}

type resource struct {
	Address string         `json:"address"`
	Mode    string         `json:"mode"`
	Type    string         `json:"type"`
	Values  map[string]any `json:"values"`
}

// state reads what resources want.
func (l *loader) state(text []byte) error {
	var s shown
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&s); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("the file ends too early: write it under another name and rename it when it is complete")
		}
		return fmt.Errorf("this is not what `terraform show -json` prints: %w", err)
	}
	if d.More() {
		return errors.New("there is more than one document in the file: keep the last one that `terraform show -json` printed")
	}
	if !strings.HasPrefix(s.FormatVersion, "1.") {
		return fmt.Errorf("format_version is %.20q, and 1 is what can be read: this may not be what `terraform show -json` prints", s.FormatVersion)
	}
	of := s.Values
	if of == nil {
		of = s.PlannedValues
	}
	if of == nil {
		return nil // a state without resources
	}
	return l.module(of.RootModule)
}

func (l *loader) module(m module) error {
	for _, r := range m.Resources {
		if r.Mode != "managed" || r.Values == nil {
			continue
		}
		if err := l.resource(r); err != nil {
			return fmt.Errorf("%s: %w", r.Address, err)
		}
	}
	for _, child := range m.ChildModules {
		if err := l.module(child); err != nil {
			return err
		}
	}
	return nil
}

// resource adds what a resource of ours wants to its host.
func (l *loader) resource(r resource) error {
	if r.Type != "sshkeepalive_server" && r.Type != "sshkeepalive_client" && r.Type != "sshkeepalive_coolify" {
		return nil
	}
	o, _ := fromJSON(r.Values, "").value.(*object)
	h, err := l.hostOf(o)
	if h == nil || err != nil {
		return err
	}
	switch r.Type {
	case "sshkeepalive_server":
		s, err := server(o)
		if err != nil {
			return err
		}
		s.Resource = true
		if s.Accepted, err = accepted(o); err != nil {
			return err
		}
		if placement, err := o.text("placement"); err == nil && placement != "" {
			s.Want.Placement = sshserver.Placement(placement)
		}
		s.Want.Takeover = o.fields["takeover"].value != false
		h.Servers = append(h.Servers, s)
	case "sshkeepalive_client":
		c, err := client(o)
		if err != nil {
			return err
		}
		c.Resource = true
		h.Clients = append(h.Clients, c)
	case "sshkeepalive_coolify":
		c, err := installation(o)
		if err != nil {
			return err
		}
		c.Resource = true
		h.Coolify = append(h.Coolify, c)
	}
	return nil
}

// accepted are the lines of match_overrides.
func accepted(o *object) (list []keepalive.Override, err error) {
	lines, err := o.objects("match_overrides")
	for _, l := range lines {
		var is keepalive.Override
		for key, to := range map[string]*string{"criteria": &is.Criteria, "keyword": &is.Keyword, "value": &is.Value, "file": &is.Pos.Path} {
			if *to, err = l.text(key); err != nil {
				return nil, err
			}
		}
		is.Pos.Line, _ = l.fields["line"].value.(int)
		list = append(list, is)
	}
	return list, err
}

// hostOf is the machine of a resource, nil for one that is not watched: an image, or a host
// that is not known yet.
func (l *loader) hostOf(o *object) (*Host, error) {
	name, err := o.text("host")
	if name == "" || err != nil {
		return nil, err
	}
	ssh, err := o.object("ssh")
	if err != nil {
		return nil, err
	}
	own, err := layer(ssh, host.InSSH)
	if err != nil {
		return nil, err
	}
	pin, err := o.text("host_key_sha256")
	if err != nil {
		return nil, err
	}
	return l.add(name, own, pin)
}
