package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// view is what one look saw of an sshd, whatever is wanted of it.
type view struct {
	began     time.Time         // no fact is older
	sight     Sight             // but for the facts that a wish asks for
	effective map[string]answer // by context, as sshd -T -C takes it
	keys      string            // options that load the keys of the host
	program   string            // which it is: what spells and judges lines alone
	pending   bool              // changes may be pending
}

// covers reports whether v was asked about all of specs.
func (v *view) covers(specs []string) bool {
	return !slices.ContainsFunc(specs, func(spec string) bool {
		_, known := v.effective[spec]
		return !known
	})
}

func (v *view) version() sshconf.Version { return v.sight.Facts.Version }

// knowledge is what is known of an sshd: a view, and how the program judged and
// spelled wanted lines, which holds for as long as it is the same program, also
// when its files have changed. It is shared, and never changed.
type knowledge struct {
	view      *view // nil: nothing that still holds
	program   string
	spellings map[string]answer
}

// sight is what want needs to know; false if k does not tell.
func (k knowledge) sight(want sshserver.Want) (s Sight, ok bool, err error) {
	if k.view == nil {
		return Sight{}, false, nil
	}
	s = k.view.sight
	s.known = k
	f := &s.Facts
	if f.Invalid != "" {
		return s, true, nil
	}
	q := questionsOf([]sshserver.Want{want}, f.Version)
	if !k.view.covers(q.specs) || len(q.without(k.spellings).texts) > 0 {
		return Sight{}, false, nil
	}
	f.Contexts = sshserver.ContextsOf(want)
	for _, c := range f.Contexts {
		a := k.view.effective[keepalive.Spec(c)]
		if a.refusal != "" {
			return Sight{}, true, fmt.Errorf(dumper+" for %s failed: %s", keepalive.Spec(c), a.refusal)
		}
		f.Effective = append(f.Effective, a.values)
	}
	f.Refused, f.Canonical, f.MatchCanonical = k.spelled(want.On(f.Version))
	return s, true, nil
}

// spelled are the answers to the texts of want.
func (k knowledge) spelled(want sshserver.Want) (refused []string, global sshconf.Dump, match []sshconf.Dump) {
	for _, w := range sshserver.WantedTexts(want) {
		a := k.spellings[textOf(w)]
		refused = append(refused, a.refusal)
		match = append(match, a.values)
	}
	return refused, match[0], match[1:]
}

// with is k after another look, which may have found another program.
func (k knowledge) with(v *view, spellings map[string]answer) knowledge {
	if v.program != k.program {
		k.spellings = nil
	}
	return knowledge{v, v.program, union(k.spellings, spellings)}
}

// withoutRefusals is k without what sshd said no to. A file, a user or a key that
// was missing may have been made since, by another resource of the same walk.
func (k knowledge) withoutRefusals() knowledge {
	if k.view.sight.Facts.Invalid != "" {
		k.view = nil
	} else if granted := answered(k.view.effective); len(granted) < len(k.view.effective) {
		v := *k.view
		v.effective, k.view = granted, &v
	}
	k.spellings = answered(k.spellings)
	return k
}

// answered is all of the answers that are no refusals.
func answered(all map[string]answer) map[string]answer {
	refused := func(_ string, a answer) bool { return a.refusal != "" }
	for name, a := range all {
		if refused(name, a) {
			some := maps.Clone(all)
			maps.DeleteFunc(some, refused)
			return some
		}
	}
	return all
}

func union(a, b map[string]answer) map[string]answer {
	all := map[string]answer{}
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}

// and asks about the contexts of k again, in which others are interested, and
// leaves out what k tells for as long as the program is the same.
func (q questions) and(k knowledge) questions {
	if k.view != nil {
		for spec := range k.view.effective {
			q.specs = insert(q.specs, spec)
		}
	}
	return q.without(k.spellings)
}
