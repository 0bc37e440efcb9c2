package server

import (
	"fmt"
	"maps"
	"slices"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// cachedFacts is what one look saw of an sshd, whatever is wanted of it.
type cachedFacts struct {
	seen      seen              // but for the facts that a want asks for
	effective map[string]answer // by context, as sshd -T -C takes it
	keys      string            // options that load the keys of the host
	program   string            // which it is: what spells and judges lines alone
	pending   bool              // changes may be pending
}

// covers reports whether v was asked about all of specs.
func (v *cachedFacts) covers(specs []string) bool {
	return !slices.ContainsFunc(specs, func(spec string) bool {
		_, known := v.effective[spec]
		return !known
	})
}

func (v *cachedFacts) version() sshconf.Version { return v.seen.Facts.Version }

// factIndex is what is known of an sshd: cached facts, and how the program judged and
// spelled wanted lines, which holds for as long as it is the same program, also
// when its files have changed. It is shared, and never changed.
type factIndex struct {
	facts     *cachedFacts // nil: nothing that still holds
	program   string
	spellings map[string]answer
}

// answerFor is what want needs to know of a look; false if the look did not tell.
func answerFor(s seen, want sshserver.Want) (seen, bool, error) {
	return s.Detail.index.answer(want)
}

func (k factIndex) answer(want sshserver.Want) (s seen, ok bool, err error) {
	if k.facts == nil {
		return s, false, nil
	}
	s = k.seen()
	f := &s.Facts
	if f.Invalid != "" {
		return s, true, nil
	}
	q := queryOf([]sshserver.Want{want}, f.Version)
	if !k.facts.covers(q.specs) || len(q.without(k.spellings).texts) > 0 {
		return seen{}, false, nil
	}
	f.Contexts = sshserver.ContextsOf(want)
	for _, c := range f.Contexts {
		a := k.facts.effective[keepalive.ContextSpec(c)]
		if a.refusal != "" {
			return seen{}, true, fmt.Errorf(dumper+" for %s failed: %s", keepalive.ContextSpec(c), a.refusal)
		}
		f.Effective = append(f.Effective, a.values)
	}
	f.Refused, f.Canonical, f.MatchCanonical = k.spelled(want.ForRelease(f.Version))
	return s, true, nil
}

// spelled are the answers to the texts of want.
func (k factIndex) spelled(want sshserver.Want) (refused []string, global sshconf.Dump, match []sshconf.Dump) {
	for _, w := range sshserver.WantedTexts(want) {
		a := k.spellings[textOf(w)]
		refused = append(refused, a.refusal)
		match = append(match, a.values)
	}
	return refused, match[0], match[1:]
}

// with is k after another look, which may have found another program.
func (k factIndex) with(v *cachedFacts, spellings map[string]answer) factIndex {
	if v.program != k.program {
		k.spellings = nil
	}
	return factIndex{v, v.program, union(k.spellings, spellings)}
}

// withoutRefusals is a look without what sshd said no to.
func withoutRefusals(s seen) (seen, bool) {
	k := s.Detail.index.withoutRefusals()
	return k.seen(), k.facts != nil
}

// withoutRefusals is k without what sshd said no to. A file, a user or a key that
// was missing may have been made since, by another resource of the same walk.
func (k factIndex) withoutRefusals() factIndex {
	if k.facts.seen.Facts.Invalid != "" {
		k.facts = nil
	} else if granted := answered(k.facts.effective); len(granted) < len(k.facts.effective) {
		v := *k.facts
		v.effective, k.facts = granted, &v
	}
	k.spellings = answered(k.spellings)
	return k
}

// seen is what is known, for answerFor to answer from.
func (k factIndex) seen() seen {
	if k.facts == nil {
		return seen{Detail: Detail{index: k}}
	}
	s := k.facts.seen
	s.Detail.index = k
	return s
}

// answered returns the answers that are not refusals.
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

// union asks about the contexts of k again, in which others are interested, and
// leaves out what k tells for as long as the program is the same.
func (q query) union(k factIndex) query {
	if k.facts != nil {
		for spec := range k.facts.effective {
			q.specs = insert(q.specs, spec)
		}
	}
	return q.without(k.spellings)
}
