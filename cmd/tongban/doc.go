// Command tongban is the whole program: it serves, tries out, checks, backs up and restores an instance. Run
// "tongban help" for its commands.
package main
