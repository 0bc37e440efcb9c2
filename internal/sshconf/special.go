package sshconf

import (
	"fmt"
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
		"ChannelTimeout":           noneAlone(channelTimeout),
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
