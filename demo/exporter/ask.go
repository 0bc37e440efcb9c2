package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// series is a result of a query.
type series struct {
	Metric map[string]string
	Value  [2]any
}

func (s series) String() string {
	name := s.Metric["__name__"]
	var labels []string
	for _, k := range slices.Sorted(maps.Keys(s.Metric)) {
		if k != "__name__" && k != "job" && k != "instance" {
			labels = append(labels, fmt.Sprintf("%s=%q", k, s.Metric[k]))
		}
	}
	return fmt.Sprintf("%s{%s} %v", name, strings.Join(labels, ", "), s.Value[1])
}

// query asks Prometheus, which may not answer yet.
func (w *watching) query(ctx context.Context, text string) ([]series, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.prometheus+"/api/v1/query?query="+url.QueryEscape(text), nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var found struct{ Data struct{ Result []series } }
	err = json.NewDecoder(answer.Body).Decode(&found)
	return found.Data.Result, err
}

// until asks until there is, or is not, a result, for a minute.
func (w *watching) until(ctx context.Context, text string, some bool) ([]series, error) {
	for end := time.Now().Add(time.Minute); ; {
		found, err := w.query(ctx, text)
		switch {
		case err == nil && (len(found) > 0) == some:
			return found, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case time.Now().After(end) && err != nil:
			return nil, fmt.Errorf("after a minute Prometheus does not answer; something else may listen at port 9090: %w", err)
		case time.Now().After(end):
			return nil, fmt.Errorf("after a minute the query %s has %d results; something else may listen at port 10922", text, len(found))
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func (w *watching) await(ctx context.Context, alert string, fires bool) error {
	_, err := w.until(ctx, fmt.Sprintf(`ALERTS{alertstate="firing",alertname=%q}`, alert), fires)
	return err
}

func (w *watching) show(ctx context.Context, queries ...string) error {
	for _, q := range queries {
		found, err := w.until(ctx, q, true)
		if err != nil {
			return err
		}
		for _, s := range found {
			fmt.Println("  " + s.String())
		}
	}
	return nil
}
