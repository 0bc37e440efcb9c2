package hosttest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var waitOfAlert = regexp.MustCompile(`for: \d+m`)

// PrometheusFiles writes what is packaged for Prometheus into dir: changed to scrape the
// exporter at address every interval, such as 4s, and to alert at once. root is the top of
// the repository.
func PrometheusFiles(root, dir, address, interval string) error {
	sooner := strings.NewReplacer("exporter.example.com:10922", address, "scrape_interval: 1m", "scrape_interval: "+interval, "scrape_timeout: 30s", "scrape_timeout: "+interval,
		"- url: ", "- refresh_interval: 5s\n        url: ", "scrape_configs:", "global: { evaluation_interval: 1s }\nscrape_configs:")
	for _, name := range []string{"prometheus.yml", "alerts.yml"} {
		text, err := os.ReadFile(filepath.Join(root, "packaging/exporter", name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(waitOfAlert.ReplaceAllString(sooner.Replace(string(text)), "for: 1s")), 0o600); err != nil {
			return err
		}
	}
	return nil
}
