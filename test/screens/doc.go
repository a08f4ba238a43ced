// Command screens takes a picture of every page of the demo organisation, as every one of its people:
//
//	go run ./test screens DIR
//
// It builds the program, starts "tongban demo" on a temporary folder and a free port, signs in with each demo
// account, and walks the links from the start of each face, breadth first, one address per route. Every page is
// looked at in 1360×900 and in 390×844. The pictures are DIR/<role>/<page>-<width>.png, and DIR/index.html shows
// them all.
//
// It fails, with the whole list, on a console error, a broken link, an axe-core violation, sideways scrolling
// and a word without a translation. axe looks once at pages of the same route, size and structure.
package main
