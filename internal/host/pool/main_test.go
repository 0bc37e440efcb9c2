package pool

import (
	"flag"
	"os"
	"runtime"
	"strconv"
	"testing"
)

// TestMain lets no more tests run at once than there are processors, whatever
// -test.parallel says: many of them are about fractions of a second.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", strconv.Itoa(runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
