package dbtest

// Path is where the fake lives.
const Path = ":memory:"
