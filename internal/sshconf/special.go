package sshconf

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// argumentReader reads the arguments of one keyword.
type argumentReader func(kw Keyword, args []string, v Version) (value, error)

// argumentReaders are the readers of keywords that have a syntax of their own.
var argumentReaders = [...]map[string]argumentReader{
	Server: {
		"AcceptEnv":                       entries(noEquals),
		"AgentSocketPath":                 single,
		"AllowGroups":                     entries(nil),
		"AllowUsers":                      entries(nil),
		"AuthenticationMethods":           authenticationMethods,
		"AuthorizedKeysFile":              pathWithoutTilde,
		"AuthorizedPrincipalsFile":        single,
		"ChannelTimeout":                  channelTimeout,
		"ChrootDirectory":                 word,
		"DenyGroups":                      entries(nil),
		"DenyUsers":                       entries(nil),
		"FingerprintHash":                 upper(digests...),
		"IPQoS":                           ipQoS,
		"LogLevel":                        upper(levels...),
		"LogVerbose":                      noneAlone(unprinted),
		"MaxStartups":                     maxStartups,
		"PermitListen":                    permitListen,
		"PermitOpen":                      permitOpen,
		"PermitUserEnvironment":           word,
		"PAMServiceName":                  single,
		"PerSourceMaxStartups":            countOrNone,
		"PerSourcePenalties":              perSourcePenalties,
		"PerSourceNetBlockSize":           netBlockSize,
		"Port":                            port,
		"PubkeyAuthOptions":               pubkeyAuthOptions,
		"RDomain":                         single,
		"RekeyLimit":                      rekeyLimit,
		"RevokedKeys":                     files,
		"SetEnv":                          setEnv,
		"StreamLocalBindMask":             bindMask,
		"Subsystem":                       subsystem,
		"SyslogFacility":                  upper(facilities...),
		"AuthorizedKeysCommandUser":       word,
		"AuthorizedPrincipalsCommandUser": word,
	},
	Client: {
		"AddKeysToAgent":           addKeysToAgent,
		"BindAddress":              word,
		"BindInterface":            word,
		"ChannelTimeout":           clientChannelTimeout,
		"CanonicalDomains":         noneAlone(canonicalDomains),
		"ControlPath":              plainPath,
		"ControlPersist":           controlPersist,
		"DynamicForward":           forwarding,
		"EscapeChar":               escapeChar,
		"FingerprintHash":          upper(digests...),
		"ForwardAgent":             forwardAgent,
		"GlobalKnownHostsFile":     noneAlone(pathWithoutTilde),
		"GSSAPIClientIdentity":     single,
		"GSSAPIServerIdentity":     single,
		"HostKeyAlias":             word,
		"HostName":                 single,
		"IdentityFile":             word,
		"IgnoreUnknown":            word,
		"KbdInteractiveDevices":    word,
		"IPQoS":                    ipQoS,
		"LocalForward":             forwarding,
		"LogLevel":                 upper(levels...),
		"LogVerbose":               noneAlone(unprinted),
		"ObscureKeystrokeTiming":   obscureKeystrokeTiming,
		"PermitRemoteOpen":         permitRemoteOpen,
		"Port":                     port,
		"PreferredAuthentications": word,
		"RekeyLimit":               rekeyLimit,
		"RemoteForward":            forwarding,
		"RevokedHostKeys":          files,
		"SendEnv":                  sendEnv,
		"SetEnv":                   setEnv,
		"StreamLocalBindMask":      bindMask,
		"SyslogFacility":           upper(facilities...),
		"Tag":                      single,
		"TunnelDevice":             tunnelDevice,
		"User":                     word,
		"UserKnownHostsFile":       noneAlone(pathWithoutTilde),
	},
}

func one(kw Keyword, args []string) (string, error) {
	if len(args) != 1 || args[0] == "" {
		return "", fmt.Errorf("%s takes one argument, not %d", kw.Name, len(args))
	}
	return args[0], nil
}

func word(kw Keyword, args []string, _ Version) (value, error) {
	arg, err := one(kw, args)
	if err != nil {
		return value{}, err
	}
	if strings.EqualFold(arg, "none") && kw.Name == "ChrootDirectory" {
		return printed("none"), nil
	}
	return printed(arg), nil
}

// single reads one argument; how a dump prints it is not known.
func single(kw Keyword, args []string, _ Version) (value, error) {
	_, err := one(kw, args)
	return value{}, err
}

// files reads one argument, or since 10.3 several.
func files(kw Keyword, args []string, v Version) (value, error) {
	if atLeast(v, Version{10, 3}) {
		return noneAlone(unprinted)(kw, args, v)
	}
	return single(kw, args, v)
}

// unprinted reads a list; how a dump prints it is not known.
func unprinted(kw Keyword, args []string, v Version) (value, error) {
	_, err := oneLine(kw, args, v)
	return value{}, err
}

// noneAlone refuses none in a list of others, as is done since 8.7.
func noneAlone(read argumentReader) argumentReader {
	return func(kw Keyword, args []string, v Version) (value, error) {
		none := slices.ContainsFunc(args, func(arg string) bool { return strings.EqualFold(arg, "none") })
		if none && len(args) > 1 && atLeast(v, Version{8, 7}) {
			return value{}, fmt.Errorf("%s: none must be alone", kw.Name)
		}
		return read(kw, args, v)
	}
}

func noEquals(arg string) bool { return !strings.Contains(arg, "=") }

// entries reads a list; a dump prints each element on its own line.
func entries(valid func(string) bool) argumentReader {
	return func(kw Keyword, args []string, _ Version) (value, error) {
		for _, arg := range args {
			if arg == "" || valid != nil && !valid(arg) {
				return value{}, fmt.Errorf("%s: invalid argument %q", kw.Name, arg)
			}
		}
		return printed(args...), nil
	}
}

// oneLine reads a list that a dump prints on one line.
func oneLine(kw Keyword, args []string, _ Version) (value, error) {
	if len(args) == 0 || slices.Contains(args, "") {
		return value{}, fmt.Errorf("%s: empty argument", kw.Name)
	}
	return printed(strings.Join(args, " ")), nil
}

func pathWithoutTilde(kw Keyword, args []string, v Version) (value, error) {
	got, err := oneLine(kw, args, v)
	got.known = got.known && !slices.ContainsFunc(args, func(a string) bool { return a[0] == '~' || strings.EqualFold(a, "none") })
	return got, err
}

func channelTimeout(kw Keyword, args []string, v Version) (value, error) {
	got, err := oneLine(kw, args, v)
	if err != nil || strings.EqualFold(args[0], "none") {
		return value{}, err
	}
	for _, arg := range args {
		pattern, interval, ok := strings.Cut(arg, "=")
		_, _, bad := convtime(interval, v)
		if !ok || pattern == "" || bad != nil {
			return value{}, fmt.Errorf("%s: invalid channel timeout %q", kw.Name, arg)
		}
	}
	return got, nil
}

var (
	classPattern   = regexp.MustCompile(`^(af[1-4][1-3]|cs[0-7]|ef)$`)
	qosWord        = regexp.MustCompile(`^[a-z][a-z0-9]*$`)
	anyBasePattern = regexp.MustCompile(`^\s*\+?(0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)$`)
)

// ipQoS is printed as written for the classes that all releases know.
func ipQoS(kw Keyword, args []string, v Version) (value, error) {
	if len(args) < 1 || len(args) > 2 {
		return value{}, fmt.Errorf("%s takes one or two arguments, not %d", kw.Name, len(args))
	}
	both := []string{strings.ToLower(args[0]), strings.ToLower(args[len(args)-1])}
	got := value{[]string{strings.Join(both, " ")}, true}
	for _, class := range both {
		if !isClass(class, v) {
			return value{}, fmt.Errorf("%s: bad value %q", kw.Name, class)
		}
		got.known = got.known && classPattern.MatchString(class)
	}
	return got, nil
}

// isClass is parse_ipqos of misc.c. Since 9.8 its numbers are decimal; before, they could be
// hexadecimal and octal.
func isClass(class string, v Version) bool {
	switch class {
	case "none", "lowdelay", "throughput", "reliability":
		return true
	case "le":
		return atLeast(v, Version{8, 2})
	case "va":
		return atLeast(v, Version{10, 3})
	}
	if classPattern.MatchString(class) || unknownRelease(v) && qosWord.MatchString(class) {
		return true
	}
	n, ok := decimal(class)
	if m := anyBasePattern.FindStringSubmatch(class); m != nil && !atLeast(v, Version{9, 8}) {
		var err error
		n, err = strconv.ParseInt(m[1], 0, 64)
		ok = err == nil
	} else if !atLeast(v, Version{9, 8}) {
		ok = false
	}
	return ok && n >= 0 && n <= 255
}

// upper reads one of the names, in any case. DEBUG1 is printed as DEBUG; QUIET
// is SILENT in some builds.
func upper(names ...string) argumentReader {
	return func(kw Keyword, args []string, _ Version) (value, error) {
		arg, err := one(kw, args)
		if err != nil {
			return value{}, err
		}
		name := strings.ToUpper(arg)
		if !slices.Contains(names, name) {
			return value{}, unsupported(kw, arg)
		}
		if name == "DEBUG1" {
			name = "DEBUG"
		}
		return value{[]string{name}, name != "QUIET"}, nil
	}
}

var (
	digests    = []string{"MD5", "SHA1", "SHA256", "SHA384", "SHA512"}
	levels     = []string{"QUIET", "SILENT", "FATAL", "ERROR", "INFO", "VERBOSE", "DEBUG", "DEBUG1", "DEBUG2", "DEBUG3"}
	facilities = []string{"DAEMON", "USER", "AUTH", "AUTHPRIV", "LOCAL0", "LOCAL1", "LOCAL2", "LOCAL3", "LOCAL4", "LOCAL5", "LOCAL6", "LOCAL7"}
)

func port(kw Keyword, args []string, _ Version) (value, error) {
	arg, err := one(kw, args)
	if err != nil {
		return value{}, err
	}
	n, ok := portNumber(arg)
	switch {
	case ok && n > 0:
		return printed(strconv.FormatInt(n, 10)), nil
	case servicePattern.MatchString(arg):
		return value{}, nil // hangs on /etc/services
	}
	return value{}, fmt.Errorf("%s: badly formatted port number %q", kw.Name, arg)
}

var decimalPattern = regexp.MustCompile(`^\s*([+-]?\d+)$`)

// decimal is strtonum for what fits into 64 bits.
func decimal(text string) (n int64, ok bool) {
	m := decimalPattern.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	return n, err == nil
}

// portNumber is a2port of misc.c, for what is not the name of a service.
func portNumber(text string) (n int64, ok bool) {
	n, ok = decimal(text)
	return n, ok && n >= 0 && n <= 65535
}

func countOrNone(kw Keyword, args []string, v Version) (value, error) {
	arg, err := one(kw, args)
	if err != nil || arg == "none" {
		return printed("none"), err
	}
	if n, _ := decimal(arg); n == math.MaxInt32 { // what none is to sshd
		return printed("none"), nil
	}
	return readCount(kw, arg, v)
}

var scanPattern = regexp.MustCompile(`^\s*([+-]?\d+)`)

// scanned is what sscanf reads by "%d:%d", for up to most numbers: those at the start of
// text, whatever comes after them. A number that is too large becomes another one, as in C.
func scanned(text string, most int) (numbers []int32) {
	for len(numbers) < most {
		m := scanPattern.FindStringSubmatch(text)
		if m == nil {
			break
		}
		n, _ := strconv.ParseInt(m[1], 10, 64) // out of range it is the nearest, as strtol says
		numbers = append(numbers, int32(n))    //nolint:gosec // cut as sscanf cuts it
		after, more := strings.CutPrefix(text[len(m[0]):], ":")
		if !more {
			break
		}
		text = after
	}
	return numbers
}

func maxStartups(kw Keyword, args []string, v Version) (value, error) {
	arg, err := one(kw, args)
	if err != nil {
		return value{}, err
	}
	invalid := fmt.Errorf("%s: invalid spec %q", kw.Name, arg)
	var start, rate, full int32
	switch n := scanned(arg, 3); len(n) {
	case 1:
		start, rate, full = n[0], 30, n[0]
	case 3:
		start, rate, full = n[0], n[1], n[2]
	default:
		return value{}, invalid
	}
	if start > full || rate < 1 || rate > 100 {
		return value{}, invalid
	}
	if start < 1 {
		if atLeast(v, Version{9, 2}) {
			return value{}, invalid
		}
		return value{}, nil // -1 is the default, and 0 is none
	}
	return printed(fmt.Sprintf("%d:%d:%d", start, rate, full)), nil
}

// netBlockSize wants a mask for IPv4 and may have one for IPv6.
func netBlockSize(kw Keyword, args []string, _ Version) (value, error) {
	arg, err := one(kw, args)
	if err != nil {
		return value{}, err
	}
	n := scanned(arg, 2)
	if len(n) == 0 || n[0] < 0 || n[0] > 32 || len(n) == 2 && (n[1] < 0 || n[1] > 128) {
		return value{}, fmt.Errorf("%s: invalid spec %q", kw.Name, arg)
	}
	return value{}, nil
}

// penalties are the names of PerSourcePenalties, and the release that has each first.
var penalties = map[string]Version{
	"crash": {9, 8}, "authfail": {9, 8}, "noauth": {9, 8}, "grace-exceeded": {9, 8}, "max": {9, 8}, "min": {9, 8}, "refuseconnection": {9, 9}, "invaliduser": {10, 3},
	"max-sources4": {9, 8}, "max-sources6": {9, 8}, "overflow": {9, 8}, "overflow6": {9, 8},
}

func perSourcePenalties(kw Keyword, args []string, v Version) (value, error) {
	if len(args) == 0 {
		return value{}, fmt.Errorf("%s takes an argument", kw.Name)
	}
	for i, arg := range args {
		if word := strings.ToLower(arg); word == "yes" || word == "no" {
			if i < len(args)-1 {
				return value{}, fmt.Errorf("%s: %q must appear alone", kw.Name, arg)
			}
			continue
		}
		name, text, pair := strings.Cut(arg, ":")
		since, known := penalties[name]
		var bad error
		switch {
		case !pair || known && !atLeast(v, since) || !known && !unknownRelease(v):
			bad = unsupported(kw, arg)
		case !known:
		case strings.HasPrefix(name, "overflow"):
			if text != "deny-all" && text != "permissive" {
				bad = unsupported(kw, arg)
			}
		case strings.HasPrefix(name, "max-sources"):
			_, bad = readCount(kw, text, v)
		default:
			_, _, bad = convtime(text, v)
			if errors.Is(bad, ErrTooLong) && atLeast(v, Version{10, 3}) {
				bad = nil // convtime_double
			}
		}
		if bad != nil {
			return value{}, bad
		}
	}
	return value{}, nil
}

func permitListen(kw Keyword, args []string, v Version) (value, error) {
	full := slices.Clone(args)
	for i, arg := range full {
		if !strings.Contains(arg, ":") && arg != "any" && arg != "none" {
			full[i] = "*:" + arg
		}
	}
	return permitOpen(kw, full, v)
}

var servicePattern = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// permitOpen wants host:port, unless it is any or none.
func permitOpen(kw Keyword, args []string, v Version) (value, error) {
	got, err := oneLine(kw, args, v)
	for _, arg := range args {
		if len(args) == 1 && (arg == "any" || arg == "none") {
			continue
		}
		port, ok := portOf(arg)
		n, number := portNumber(port)
		switch {
		case ok && (port == "*" || number && n > 0):
		case ok && servicePattern.MatchString(port):
			got.known = false
		default:
			return value{}, fmt.Errorf("%s: bad port number in %q", kw.Name, arg)
		}
	}
	return got, err
}

var hostPattern = regexp.MustCompile(`^(?:\[[^\]]*\]|[^\[:/][^:/]*|):`)

// portOf is what hpdelim of misc.c leaves behind the host.
func portOf(arg string) (port string, ok bool) {
	host := hostPattern.FindString(arg)
	return arg[len(host):], host != ""
}

// maxPKOK is an option of PubkeyAuthOptions since 10.6.
var maxPKOK = regexp.MustCompile(`(?i)^max-pk-ok:[0-9]+$`)

func pubkeyAuthOptions(kw Keyword, args []string, v Version) (value, error) {
	for _, arg := range args {
		known := slices.Contains([]string{"none", "touch-required", "verify-required"}, strings.ToLower(arg)) ||
			atLeast(v, Version{10, 6}) && maxPKOK.MatchString(arg)
		if !known && !unknownRelease(v) {
			return value{}, unsupported(kw, arg)
		}
	}
	lower := strings.ToLower(strings.Join(args, " "))
	touch, verify := strings.Contains(lower, "touch-required"), strings.Contains(lower, "verify-required")
	switch {
	case atLeast(v, Version{10, 6}):
		return value{}, nil
	case touch && verify:
		return printed("touch-required verify-required"), nil
	case touch:
		return printed("touch-required"), nil
	case verify:
		return printed("verify-required"), nil
	}
	return printed("none"), nil
}

// rekeyLimit prints bytes and seconds.
func rekeyLimit(kw Keyword, args []string, v Version) (value, error) {
	if len(args) < 1 || len(args) > 2 || args[0] == "" {
		return value{}, fmt.Errorf("%s takes one or two arguments, not %d", kw.Name, len(args))
	}
	bytes, known, err := scaled(args[0])
	if err != nil {
		return value{}, fmt.Errorf("%s: %w", kw.Name, err)
	}
	seconds := int64(0)
	if len(args) == 2 && args[1] != "none" {
		var certain bool
		if seconds, certain, err = convtime(args[1], v); err != nil {
			return value{}, fmt.Errorf("%s: %w", kw.Name, err)
		}
		known = known && certain
	}
	return value{[]string{fmt.Sprintf("%d %d", bytes, seconds)}, known}, nil
}

var (
	scaledPattern = regexp.MustCompile(`^(\d{1,18})([bBkKmMgGtTpPeE]?)$`)
	scaledForm    = regexp.MustCompile(`^\s*[+-]?[\d.]*(?:[bBkKmMgGtTpPeE](?:[^0-9A-Za-z].*)?)?$`)
	scaledLong    = regexp.MustCompile(`^\s*[+-]?0*[1-9]\d{19}`)
	scaledBelow   = regexp.MustCompile(`^-\d*[1-9]`)
)

// scaled is scan_scaled, for what it reads without rounding.
func scaled(arg string) (n int64, known bool, err error) {
	if arg == "default" {
		return 0, true, nil
	}
	m := scaledPattern.FindStringSubmatch(arg)
	if m == nil {
		switch {
		case !scaledForm.MatchString(arg):
			return 0, false, fmt.Errorf("bad number %q", arg)
		case scaledLong.MatchString(arg):
			return 0, false, fmt.Errorf("%q is too large", arg)
		case scaledBelow.MatchString(arg):
			return 0, false, fmt.Errorf("%q is too small", arg)
		}
		return 0, false, nil
	}
	if n, err = strconv.ParseInt(m[1], 10, 64); err != nil {
		return 0, false, err
	}
	for range max(0, strings.Index("BKMGTPE", strings.ToUpper(m[2]))) {
		if n > 1<<52 {
			return 0, false, fmt.Errorf("%q is too large", arg)
		}
		n *= 1024
	}
	if n > 0 && n < 16 {
		return 0, false, fmt.Errorf("%q is too small", arg)
	}
	return n, true, nil
}

// setEnv keeps the first value of each name, since 8.5.
func setEnv(kw Keyword, args []string, v Version) (value, error) {
	var lines, names []string
	for _, arg := range args {
		name, _, ok := strings.Cut(arg, "=")
		if !ok {
			return value{}, fmt.Errorf("%s: invalid environment %q", kw.Name, arg)
		}
		if !slices.Contains(names, name) || !atLeast(v, Version{9, 1}) {
			names = append(names, name)
			lines = append(lines, arg)
		}
	}
	return printed(lines...), nil
}

func bindMask(kw Keyword, args []string, _ Version) (value, error) {
	arg, err := one(kw, args)
	if err != nil {
		return value{}, err
	}
	m := octal.FindStringSubmatch(arg)
	if m == nil {
		return value{}, fmt.Errorf("%s: bad mask %q", kw.Name, arg)
	}
	n, err := strconv.ParseInt(m[1], 8, 64)
	if err != nil || n < 0 || n > 0o777 {
		return value{}, fmt.Errorf("%s: bad mask %q", kw.Name, arg)
	}
	return printed(fmt.Sprintf("0%o", n)), nil
}

// octal is what strtol takes of an argument; it does not mind what follows.
var octal = regexp.MustCompile(`^\s*([+-]?[0-7]+)`)

func subsystem(kw Keyword, args []string, v Version) (value, error) {
	if len(args) < 2 || args[0] == "" {
		return value{}, fmt.Errorf("%s: missing name or command", kw.Name)
	}
	text := strings.Join(args, " ")
	if len(args) == 2 && atLeast(v, Version{9, 5}) && !atLeast(v, Version{9, 7}) {
		text += " " // printed even before no arguments
	}
	// Since 9.5 what argv_assemble would quote is printed in quotes.
	return value{[]string{text}, !atLeast(v, Version{9, 5}) || !strings.ContainsAny(strings.Join(args, ""), " \t\\'\"")}, nil
}
