"""House rules that fail a build: each check is a function over a tree, tried on a planted fault as well."""
