package sshconf

// Result is what a tree means in a context.
type Result struct {
	// Problems is what OpenSSH would refuse or warn of.
	Problems []Problem
	// Endless says that Includes lead to more lines than are read, and that the
	// rest of the result is not the whole.
	Endless bool
	// Depends lists the lines whose effect cannot be known from the text.
	Depends []Dependency
	// Read lists the files that are read, in the order of their first reading.
	Read []string
	// Includes lists the absolute patterns of the Includes, in the order of their
	// reading.
	Includes []string

	dialect    Dialect
	version    Version
	settings   map[string][]Setting
	includedBy map[string]Pos
}

// Problem is something wrong with a line, or with a file if Line is 0.
type Problem struct {
	Pos  Pos
	Text string
	// Fatal says that the program would refuse to start.
	Fatal bool
}

// Dependency is a line whose effect depends on something outside the text.
type Dependency struct {
	Pos      Pos
	Criteria string // of a Match, as written
	Text     string
}

// Setting is one reading of a line that sets a keyword.
type Setting struct {
	Keyword string // as spelled
	Args    []string
	Rest    string // the arguments as written
	Pos     Pos
	// Match is the criteria in force: "" outside Match and Host. Of blocks within
	// blocks, by Include, it is all of them. In ssh_config the word Match or Host
	// stands before the criteria.
	Match string
	// Active says that the line applies in this context, Wins that what it says
	// is, in whole or in part, in force.
	Active, Wins bool
	// Depends says what decides whether the line applies, if the text does not.
	Depends string
	// Order is the place among all settings as they are read.
	Order int

	line                   Line
	fromUser               bool // in ssh_config: read for the user's file, not the system's
	reread                 bool // in ssh_config: another reading took its place
	atStart, forConnection bool // active when sshd starts, when it matches a connection
}

// Settings returns every line that sets keyword, under any of its names, in the
// order in which they are read.
func (r Result) Settings(keyword string) []Setting {
	return r.settings[canonicalName(r.dialect, r.version, keyword)]
}

// Winners returns the settings in force, more than one if values add up.
func (r Result) Winners(keyword string) []Setting {
	var list []Setting
	for _, s := range r.Settings(keyword) {
		if s.Wins {
			list = append(list, s)
		}
	}
	return list
}

// Winner returns the setting in force, the first of them if values add up.
func (r Result) Winner(keyword string) (Setting, bool) {
	for _, s := range r.Settings(keyword) {
		if s.Wins {
			return s, true
		}
	}
	return Setting{}, false
}

// Keywords returns the names, in lower case and in no order, of all keywords
// that some line sets.
func (r Result) Keywords() []string {
	list := make([]string, 0, len(r.settings))
	for name := range r.settings {
		list = append(list, name)
	}
	return list
}

// Refused reports whether OpenSSH would refuse the tree.
func (r Result) Refused() bool {
	for _, p := range r.Problems {
		if p.Fatal {
			return true
		}
	}
	return false
}
