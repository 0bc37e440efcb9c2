package main

import "context"

type surroundings struct{}

var everybody = []string{ours, nothing, raw, openSSH, ansible}

func lookAround(context.Context, bool) (surroundings, error) { return surroundings{}, nil }
