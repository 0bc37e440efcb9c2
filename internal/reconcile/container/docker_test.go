package container

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// daemonAPI answers as dockerd does about one container, with secrets in its environment,
// at a socket.
func daemonAPI(t *testing.T) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	const created = "2026-08-01T10:00:00.123456789Z"
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.50")
		switch {
		case strings.HasSuffix(r.URL.Path, "/containers/coolify/json"):
			_, _ = fmt.Fprintf(w, `{"Id":%q,"Created":%q,"Path":"docker-php-serversideup-entrypoint","Args":["/init"],"State":{"Status":"running","Running":true,"Paused":false,"Restarting":false,"OOMKilled":false,"Dead":false,"Pid":4242,"ExitCode":0,"Error":"","StartedAt":%q,"FinishedAt":"0001-01-01T00:00:00Z"},`+
				`"Image":"sha256:%s","Name":"/coolify","Config":{"Hostname":"x","Env":["APP_KEY=%s"],"Image":%q},"NetworkSettings":{}}`, id, created, created, id, secret, image)
		case strings.HasSuffix(r.URL.Path, "/_ping"):
			_, _ = fmt.Fprint(w, "OK")
		default:
			http.NotFound(w, r)
		}
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return socket
}
