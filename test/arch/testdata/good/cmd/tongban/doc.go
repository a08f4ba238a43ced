// Command tongban is the program.
package main
