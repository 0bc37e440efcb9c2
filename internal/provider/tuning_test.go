package provider

import (
	"maps"
	"testing"
)

func TestNothingIsLoggedForNobody(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ given, want map[string]string }{
		"nobody reads":        {nil, map[string]string{"TF_LOG_SDK": "OFF", "TF_LOG_PROVIDER_SSHKEEPALIVE": "OFF"}},
		"off":                 {map[string]string{"TF_LOG": "off"}, map[string]string{"TF_LOG_SDK": "OFF", "TF_LOG_PROVIDER_SSHKEEPALIVE": "OFF"}},
		"only Terraform's":    {map[string]string{"TF_LOG_CORE": "TRACE"}, map[string]string{"TF_LOG_SDK": "OFF", "TF_LOG_PROVIDER_SSHKEEPALIVE": "OFF"}},
		"everything":          {map[string]string{"TF_LOG": "JSON"}, nil},
		"that of providers":   {map[string]string{"TF_LOG_PROVIDER": "debug"}, nil},
		"a level of the user": {map[string]string{"TF_LOG_SDK": "ERROR"}, map[string]string{"TF_LOG_PROVIDER_SSHKEEPALIVE": "OFF"}},
	} {
		set := map[string]string{}
		err := silenceUnreadLogs(func(name string) (string, bool) { level, ok := c.given[name]; return level, ok },
			func(name, value string) error { set[name] = value; return nil })
		if err != nil || !maps.Equal(set, c.want) {
			t.Errorf("%s: set %v, %v", name, set, err)
		}
	}
}
