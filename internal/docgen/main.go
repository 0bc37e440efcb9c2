// Command docgen writes what the documentation is generated from: the schema of
// the provider, in the form of terraform providers schema -json, made in this
// process. What a Terraform on PATH would print depends on its version, and
// lacks what it does not know.
//
// With -sum it writes instead the digests of everything the documentation is
// made from, and of the documentation, by which a test notices that one of them
// is older than the other; with -baselines the guide to the baselines, from their
// data; with -ways the guide to the ways in, with the table of connection settings; with
// -watching the guide to the exporter, with the table of its metrics.
// It knows schemas and baselines; of hosts it must know nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
)

func main() {
	log.SetFlags(0)
	sum := flag.Bool("sum", false, "print the digests of the documentation and of what it is made from")
	guide := flag.Bool("baselines", false, "print the guide to the baselines")
	settings := flag.Bool("ways", false, "print the guide to the ways in, with the table of settings as it is now")
	metrics := flag.Bool("watching", false, "print the guide to the exporter, with the table of metrics as it is now")
	root := flag.String("root", ".", "root of the repository")
	flag.Parse()
	if *guide {
		fmt.Fprint(os.Stdout, baselines())
		return
	}
	for of, asked := range map[*bool]func(string) (string, error){settings: ways, metrics: watching} {
		if !*of {
			continue
		}
		out, err := asked(*root)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Fprint(os.Stdout, out)
		return
	}
	out, err := output(context.Background(), *root, *sum)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprint(os.Stdout, out)
}

func output(ctx context.Context, root string, sum bool) (string, error) {
	schema, err := export(ctx)
	if err != nil || !sum {
		return string(schema), err
	}
	return digests(root, schema)
}
