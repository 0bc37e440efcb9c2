package config

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// item is a value of a file: nil, a string, an int, a bool, a []item or an *object.
type item struct {
	value any
	line  int    // 0 where the format does not tell
	name  string // hosts.web1.port
}

// object is a mapping of a file.
type object struct {
	item
	keys   []string // in their order
	fields map[string]item
}

// mostItems bounds what a file says, and what its aliases make of it.
const mostItems = 200_000

// mostDeep bounds how deep values may lie in each other.
const mostDeep = 50

// treeReader turns a document into items.
type treeReader struct{ left, deep int }

func (r *treeReader) take(line int) error {
	if r.left--; r.left < 0 || r.deep > mostDeep {
		return fmt.Errorf("line %d: more than %d values, or deeper than %d in each other: anchors that contain each other may be the cause", line, mostItems, mostDeep)
	}
	return nil
}

// fromYAML reads a document, which has to be a mapping.
func fromYAML(text []byte) (*object, error) {
	var document, next yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	switch err := d.Decode(&document); {
	case errors.Is(err, io.EOF):
		return &object{fields: map[string]item{}}, nil
	case err != nil:
		return nil, err
	}
	if err := d.Decode(&next); !errors.Is(err, io.EOF) {
		return nil, cmp.Or(err, fmt.Errorf("line %d: a second document begins here: write all hosts into one, without ---", next.Line))
	}
	r := treeReader{left: mostItems}
	top, err := r.yaml(document.Content[0], "")
	if err != nil {
		return nil, err
	}
	o, ok := top.value.(*object)
	if !ok {
		return nil, fmt.Errorf("line %d: a mapping with `connection`, `defaults` and `hosts` was expected", top.line)
	}
	return o, nil
}

func (r *treeReader) yaml(n *yaml.Node, name string) (item, error) {
	if err := r.take(n.Line); err != nil {
		return item{}, err
	}
	r.deep++
	defer func() { r.deep-- }()
	is := item{line: n.Line, name: name}
	switch n.Kind {
	case yaml.AliasNode:
		return r.yaml(n.Alias, name)
	case yaml.MappingNode:
		return r.mapping(n, is)
	case yaml.SequenceNode:
		list := []item{}
		for i, element := range n.Content {
			v, err := r.yaml(element, fmt.Sprintf("%s[%d]", name, i))
			if err != nil {
				return is, err
			}
			list = append(list, v)
		}
		is.value = list
		return is, nil
	}
	var err error
	is.value, err = scalar(n)
	return is, err
}

func (r *treeReader) mapping(n *yaml.Node, is item) (item, error) {
	o := &object{item: is, fields: map[string]item{}}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			return is, fmt.Errorf("line %d: a key that is not one word; write the values out, or put them into `defaults`", key.Line)
		}
		if _, twice := o.fields[key.Value]; twice {
			return is, fmt.Errorf("line %d: `%s` is given twice", key.Line, within(is.name, key.Value))
		}
		v, err := r.yaml(n.Content[i+1], within(is.name, key.Value))
		if err != nil {
			return is, err
		}
		o.keys, o.fields[key.Value] = append(o.keys, key.Value), v
	}
	is.value = o
	return is, nil
}

func within(name, key string) string {
	if name == "" {
		return key
	}
	return name + "." + key
}

func scalar(n *yaml.Node) (any, error) {
	switch n.Tag {
	case "!!null":
		return nil, nil
	case "!!int":
		value, err := strconv.Atoi(n.Value)
		if err != nil {
			return nil, fmt.Errorf("line %d: %q is not a whole number of ten digits at most", n.Line, n.Value)
		}
		return value, nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true"), nil
	case "!!str", "!!float", "!!timestamp":
		return n.Value, nil
	}
	return nil, fmt.Errorf("line %d: a value of the type %s is not supported", n.Line, n.Tag)
}

// fromJSON is a value that encoding/json read with UseNumber.
func fromJSON(value any, name string) item {
	is := item{name: name}
	switch v := value.(type) {
	case map[string]any:
		o := &object{item: is, fields: map[string]item{}}
		for key := range v {
			o.keys = append(o.keys, key)
		}
		slices.Sort(o.keys)
		for _, key := range o.keys {
			o.fields[key] = fromJSON(v[key], within(name, key))
		}
		is.value = o
	case []any:
		list := []item{}
		for i, element := range v {
			list = append(list, fromJSON(element, fmt.Sprintf("%s[%d]", name, i)))
		}
		is.value = list
	case json.Number:
		is.value = v.String()
		if n, err := strconv.Atoi(v.String()); err == nil {
			is.value = n
		}
	default:
		is.value = v
	}
	return is
}

// errorf is an error about a value.
func (i item) errorf(format string, args ...any) error {
	text := fmt.Sprintf("`%s`: ", i.name) + fmt.Sprintf(format, args...)
	if i.line > 0 {
		text = fmt.Sprintf("line %d: ", i.line) + text
	}
	return &Error{text}
}

// Error is something wrong with a value of a file. It never holds a value that may be a
// secret.
type Error struct{ Text string }

func (e *Error) Error() string { return e.Text }

// only is nil if every key of o is one of those.
func (o *object) only(known ...string) error {
	for _, key := range o.keys {
		if slices.Contains(known, key) {
			continue
		}
		if near := keepalive.Nearest(key, known); near != "" {
			return o.fields[key].errorf("this key is not known; did you mean `%s`?", near)
		}
		return o.fields[key].errorf("this key is not known; known here: %s", strings.Join(slices.Sorted(slices.Values(known)), ", "))
	}
	return nil
}

// object is the mapping under key, nil if there is none.
func (o *object) object(key string) (*object, error) {
	is, given := o.fields[key]
	if !given || is.value == nil {
		return nil, nil
	}
	inner, ok := is.value.(*object)
	if !ok {
		return nil, is.errorf("a mapping was expected")
	}
	return inner, nil
}

// objects are the mappings of the list under key.
func (o *object) objects(key string) (list []*object, err error) {
	is := o.fields[key]
	if is.value == nil {
		return nil, nil
	}
	elements, ok := is.value.([]item)
	if !ok {
		return nil, is.errorf("a list was expected")
	}
	for _, e := range elements {
		inner, ok := e.value.(*object)
		if !ok {
			return nil, e.errorf("a mapping was expected")
		}
		list = append(list, inner)
	}
	return list, nil
}

// text is the text or number under key, "" if there is none.
func (o *object) text(key string) (string, error) { return o.fields[key].text() }

func (i item) text() (string, error) {
	switch v := i.value.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	}
	return "", i.errorf("a text was expected")
}

// texts are those of the list under key, nil if there is none.
func (o *object) texts(key string) ([]string, error) { return o.fields[key].texts() }

func (i item) texts() ([]string, error) {
	if i.value == nil {
		return nil, nil
	}
	elements, ok := i.value.([]item)
	if !ok {
		return nil, i.errorf("a list of texts was expected")
	}
	list := []string{}
	for _, e := range elements {
		text, err := e.text()
		if err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, nil
}
