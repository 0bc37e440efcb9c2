package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// narrator prints what happens: headings, what is done, and what others say. It
// uses colour on a terminal only.
type narrator struct {
	out    io.Writer
	colour bool
	scene  int
}

func newNarrator(f *os.File) *narrator {
	info, err := f.Stat()
	tty := err == nil && info.Mode()&os.ModeCharDevice != 0
	return &narrator{out: f, colour: tty && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

const (
	bold  = "1"
	dim   = "2"
	green = "32"
	cyan  = "36"
)

func (n *narrator) paint(colour, s string) string {
	if !n.colour {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

// heading begins a scene.
func (n *narrator) heading(text string) {
	n.scene++
	fmt.Fprintf(n.out, "\n%s\n", n.paint(bold, fmt.Sprintf("%d. %s", n.scene, text)))
}

// doing says what is about to happen.
func (n *narrator) doing(text string) { fmt.Fprintln(n.out, n.paint(dim, "   "+text+" ...")) }

// command shows what a person would have typed.
func (n *narrator) command(where, text string) {
	fmt.Fprintf(n.out, "   %s %s\n", n.paint(cyan, where+"$"), text)
}

// quote shows what a program printed or a file contains.
func (n *narrator) quote(text string) {
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		fmt.Fprintf(n.out, "   %s %s\n", n.paint(dim, "|"), strings.TrimRight(line, "\n"))
	}
}

// proved says what was just shown.
func (n *narrator) proved(text string) { fmt.Fprintln(n.out, "   "+n.paint(green, "✓ "+text)) }

// end is the last word.
func (n *narrator) end(text string) { fmt.Fprintln(n.out, "\n"+n.paint(bold, text)) }
